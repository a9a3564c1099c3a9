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
 * @param cpus CPUs of the machine: programs see smaller numbers only
 * @param allPaths whether the log keeps the paths that turned out to be safe, as at Linux's level 2
 */
public record VerifierOptions(
        boolean log, Btf kernelTypes, int insnLimit, KernelVersion kernel, int cpus, boolean allPaths) {
    /** Linux's limit of processed instructions. */
    public static final int INSN_LIMIT = KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS;

    public static final VerifierOptions DEFAULT = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);

    /** Options for the release that is the reference, with a log of level 1. */
    public VerifierOptions(boolean log, Btf kernelTypes, int insnLimit) {
        this(log, kernelTypes, insnLimit, KernelVersion.REFERENCE, KernelLimits.NR_CPUS, false);
    }

    /** The same for another release. */
    public VerifierOptions withKernel(KernelVersion version) {
        return new VerifierOptions(log, kernelTypes, insnLimit, version, cpus, allPaths);
    }

    /** The same for a machine with another number of CPUs. */
    public VerifierOptions withCpus(int number) {
        return new VerifierOptions(log, kernelTypes, insnLimit, kernel, number, allPaths);
    }

    /** The same with or without the paths that turned out to be safe in the log. */
    public VerifierOptions withAllPaths(boolean wanted) {
        return new VerifierOptions(log, kernelTypes, insnLimit, kernel, cpus, wanted);
    }

    /** The same with other types of the kernel's. */
    public VerifierOptions withTypes(Btf types) {
        return new VerifierOptions(log, types, insnLimit, kernel, cpus, allPaths);
    }
}
