package dev.spinbpf.programs.model;

/**
 * A kernel function that an object calls, declared {@code extern} in section {@code .ksyms}.
 *
 * @param name the function's name, without a {@code ___flavor}
 * @param weak whether the object loads where the function does not exist
 * @param btfFuncId the id of its FUNC type in the object's BTF, or 0
 */
public record KfuncRef(String name, boolean weak, int btfFuncId) {}
