package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.KernelVersion;
import org.jspecify.annotations.Nullable;

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
 * @param statistics whether the log ends with the counts of each function, as at Linux's level 4
 * @param flags how the program is loaded
 * @param explains whether a refusal is explained, which may take longer than to find it
 * @param target the program that {@code freplace} programs replace a function of, and others may trace; null if there is none
 */
public record VerifierOptions(
        boolean log,
        Btf kernelTypes,
        int insnLimit,
        KernelVersion kernel,
        int cpus,
        boolean allPaths,
        boolean statistics,
        LoadFlags flags,
        boolean explains,
        @Nullable VerifiedTarget target) {
    /**
     * Flags of {@code bpf(BPF_PROG_LOAD)} that tests of the verifier use.
     *
     * @param strictAlignment {@code BPF_F_STRICT_ALIGNMENT}: accesses have to be aligned wherever they go
     * @param keepsStatesOften {@code BPF_F_TEST_STATE_FREQ}: a state is kept wherever one may be
     */
    public record LoadFlags(boolean strictAlignment, boolean keepsStatesOften) {
        /** No flags. */
        public static final LoadFlags NONE = new LoadFlags(false, false);
    }

    /** Linux's limit of processed instructions. */
    public static final int INSN_LIMIT = KernelLimits.BPF_COMPLEXITY_LIMIT_INSNS;

    public static final VerifierOptions DEFAULT = new VerifierOptions(false, Btf.EMPTY, INSN_LIMIT);

    /** Options for the release that is the reference, with a log of level 1. */
    public VerifierOptions(boolean log, Btf kernelTypes, int insnLimit) {
        this(
                log,
                kernelTypes,
                insnLimit,
                KernelVersion.REFERENCE,
                KernelLimits.NR_CPUS,
                false,
                false,
                LoadFlags.NONE,
                true,
                null);
    }

    /** The same for another release. */
    public VerifierOptions withKernel(KernelVersion version) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, version, cpus, allPaths, statistics, flags, explains, target);
    }

    /** The same for a machine with another number of CPUs. */
    public VerifierOptions withCpus(int number) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, number, allPaths, statistics, flags, explains, target);
    }

    /** The same with or without the paths that turned out to be safe in the log. */
    public VerifierOptions withAllPaths(boolean wanted) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, cpus, wanted, statistics, flags, explains, target);
    }

    /** The same with or without the counts of each function at the end of the log. */
    public VerifierOptions withStatistics(boolean wanted) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, cpus, allPaths, wanted, flags, explains, target);
    }

    /** The same with other flags. */
    public VerifierOptions withFlags(LoadFlags other) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, cpus, allPaths, statistics, other, explains, target);
    }

    /** The same with explanations of refusals, or with {@link dev.spinbpf.verifier.refusal.Explanation#NONE} in their place. */
    public VerifierOptions withExplanations(boolean wanted) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, cpus, allPaths, statistics, flags, wanted, target);
    }

    /** The same with another target, null for none. */
    public VerifierOptions withTarget(@Nullable VerifiedTarget program) {
        return new VerifierOptions(
                log, kernelTypes, insnLimit, kernel, cpus, allPaths, statistics, flags, explains, program);
    }

    /** The same with other types of the kernel's. */
    public VerifierOptions withTypes(Btf types) {
        return new VerifierOptions(log, types, insnLimit, kernel, cpus, allPaths, statistics, flags, explains, target);
    }
}
