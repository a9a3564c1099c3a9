package dev.spinbpf.verifier.kernel;

/**
 * A rule that some releases of Linux have and others do not. The table {@code kernel_rules.tsv} says which; checks ask
 * {@link Kernel#has} and never compare versions. Each has a case on either side of it in {@code kernels.cases}.
 */
public enum KernelRule {
    /** An explanation follows the line that says why a program is refused; what is printed after it is not the reason. */
    REFUSALS_ARE_EXPLAINED,
    /** Programs that trace may use maps and data with a {@code bpf_res_spin_lock}. */
    RES_LOCKS_IN_TRACING
}
