package dev.spinbpf.programs.model;

/**
 * A function within a linked program. The main program is the first, at slot 0.
 *
 * @param name the function's name
 * @param start its first slot in {@link Program#insns()}
 * @param end one past its last slot
 * @param global verified on its own, by its BTF prototype alone (not static, not hidden)
 * @param btfFuncId the id of its FUNC type in the object's BTF, or 0
 */
public record Subprog(String name, int start, int end, boolean global, int btfFuncId) {}
