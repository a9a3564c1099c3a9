package dev.spinbpf.vm.stress;

/**
 * The kinds of stress run without programs. The first three are those of the kernel's own test module,
 * {@code bpf_test_rqspinlock}: on each CPU a task takes a lock and an NMI that lands in the middle takes one.
 */
public enum StressMode {
    /** Task and NMI of each CPU want the same lock. */
    AA(1),
    /** CPUs with an even number take A, and B in the NMI; those with an odd number the other way round. */
    ABBA(2),
    /** Three CPUs take A then B, B then C, C then A: a ring that no CPU can see, so that it ends by timeout. */
    ABBCCA(3),
    /** Many locks of all kinds, nested at random in all contexts, with what they protect checked throughout. */
    TORTURE(1);

    private final int fewestCpus;

    StressMode(int fewestCpus) {
        this.fewestCpus = fewestCpus;
    }

    /** Returns how many CPUs the deadlock takes at least. */
    public int fewestCpus() {
        return fewestCpus;
    }
}
