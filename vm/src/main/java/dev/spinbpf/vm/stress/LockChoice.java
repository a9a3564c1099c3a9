package dev.spinbpf.vm.stress;

import java.util.Locale;

/** Algorithms of the resilient lock. */
public enum LockChoice {
    /** The queued lock. */
    QUEUED,
    /** The test-and-set lock that Linux uses where queued locks are missing. */
    TAS,
    /** Some locks of each, in {@link StressMode#TORTURE}. */
    BOTH;

    /** Returns the word that options and reports use. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
