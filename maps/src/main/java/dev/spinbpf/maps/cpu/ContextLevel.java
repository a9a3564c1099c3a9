package dev.spinbpf.maps.cpu;

/** What a CPU is doing, lowest first: a higher level interrupts a lower one on the same CPU. */
public enum ContextLevel {
    TASK,
    SOFTIRQ,
    HARDIRQ,
    NMI;

    private static final ContextLevel[] VALUES = values();

    static ContextLevel of(int ordinal) {
        return VALUES[ordinal];
    }

    /** The bit of this level in a mask of pending interrupts. */
    int bit() {
        return 1 << ordinal();
    }

    /** How many levels there are. */
    public static int count() {
        return VALUES.length;
    }
}
