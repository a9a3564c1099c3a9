package dev.spinbpf.programs.model;

import dev.spinbpf.programs.btf.Btf;

/**
 * A kernel symbol whose address a program loads ({@code LDDW_BTF_ID}): a variable declared {@code extern} in section
 * {@code .ksyms}, or a kernel function whose address is asked for, as {@code bpf_ksym_exists()} does.
 *
 * <p>A loader that does not find a weak symbol lets the instruction load 0.
 *
 * @param name the symbol's name as declared, with its {@code ___flavor} if it has one
 * @param weak whether the object loads where the symbol does not exist
 * @param function a function rather than a variable
 * @param typed whether the object knows the variable's type; the address of an untyped one ({@code const void}) is a
 *     plain number
 * @param btfId the id of its VAR or FUNC type in the object's BTF
 * @param absent whether a loader did not find the symbol, or found a function of another prototype
 */
public record KsymRef(String name, boolean weak, boolean function, boolean typed, int btfId, boolean absent) {
    /** A symbol of which no loader has said that it is absent. */
    public KsymRef(String name, boolean weak, boolean function, boolean typed, int btfId) {
        this(name, weak, function, typed, btfId, false);
    }

    /** The kernel's name for the symbol: a function's without a {@code ___flavor}. */
    public String essentialName() {
        return function ? name.substring(0, Btf.essentialNameLength(name)) : name;
    }
}
