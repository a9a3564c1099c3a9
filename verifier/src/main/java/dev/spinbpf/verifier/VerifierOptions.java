package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelLimits;

/**
 * Options of a verification.
 *
 * @param log whether to write the log in Linux's form
 * @param kernelTypes the kernel's types, for programs that attach to kernel functions and for kfuncs that use kernel
 *     types; {@link Btf#EMPTY} if there are none at hand
 * @param insnLimit most instructions to process; Linux's limit is {@link #INSN_LIMIT}
 */
public record VerifierOptions(boolean log, Btf kernelTypes, int insnLimit) {
    /** Linux's limit of processed instructions. */
    public static final int INSN_LIMIT = KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS;

    public static final VerifierOptions DEFAULT = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);
}
