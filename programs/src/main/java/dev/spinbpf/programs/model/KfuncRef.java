package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;

/**
 * A kernel function that an object calls, declared {@code extern} in section {@code .ksyms}.
 *
 * @param name the function's name as declared, with its {@code ___flavor} if it has one
 * @param weak whether the object loads where the function does not exist
 * @param btfFuncId the id of its FUNC type in the object's BTF, or 0
 * @param absent whether a loader did not find the function, or found one of another prototype
 */
public record KfuncRef(String name, boolean weak, int btfFuncId, boolean absent) {
    /** A function of which no loader has said that it is absent. */
    public KfuncRef(String name, boolean weak, int btfFuncId) {
        this(name, weak, btfFuncId, false);
    }

    /** The kernel's name for the function: without a {@code ___flavor}. */
    public String essentialName() {
        return name.substring(0, Btf.essentialNameLength(name));
    }
}
