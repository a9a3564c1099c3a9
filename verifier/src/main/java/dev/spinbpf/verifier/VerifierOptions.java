package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.KernelVersion;

/**
 * Options of a verification.
 *
 * @param log whether to write the log in Linux's form
 * @param kernelTypes the kernel's types, for programs that attach to kernel functions and for kfuncs that use kernel
 *     types; {@link Btf#EMPTY} if there are none at hand
 * @param insnLimit most instructions to process; Linux's limit is {@link #INSN_LIMIT}
 * @param kernel the release of Linux whose rules hold
 */
public record VerifierOptions(boolean log, Btf kernelTypes, int insnLimit, KernelVersion kernel) {
    /** Linux's limit of processed instructions. */
    public static final int INSN_LIMIT = KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS;

    public static final VerifierOptions DEFAULT = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);

    /** Options for the release that is the reference. */
    public VerifierOptions(boolean log, Btf kernelTypes, int insnLimit) {
        this(log, kernelTypes, insnLimit, KernelVersion.REFERENCE);
    }

    /** The same for another release. */
    public VerifierOptions withKernel(KernelVersion version) {
        return new VerifierOptions(log, kernelTypes, insnLimit, version);
    }
}
