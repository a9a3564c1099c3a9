package dev.spinbpf.programs.model;

/**
 * A kernel symbol whose address a program loads ({@code LDDW_BTF_ID}): a variable declared {@code extern} in section
 * {@code .ksyms}, or a kernel function whose address is asked for, as {@code bpf_ksym_exists()} does.
 *
 * <p>A loader that does not find a weak symbol lets the instruction load 0.
 *
 * @param name the symbol's name, without a {@code ___flavor}
 * @param weak whether the object loads where the symbol does not exist
 * @param function a function rather than a variable
 * @param typed whether the object knows the variable's type; the address of an untyped one ({@code const void}) is a
 *     plain number
 * @param btfId the id of its VAR or FUNC type in the object's BTF
 */
public record KsymRef(String name, boolean weak, boolean function, boolean typed, int btfId) {}
