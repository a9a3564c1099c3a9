package dev.spinbpf.vm.stress;

/** Algorithms of the resilient lock. */
public enum LockChoice {
    /** The queued lock. */
    QUEUED,
    /** The test-and-set lock that Linux uses where queued locks are missing. */
    TAS,
    /** Some locks of each, in {@link StressMode#TORTURE}. */
    BOTH
}
