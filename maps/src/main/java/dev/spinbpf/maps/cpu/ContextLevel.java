package dev.spinbpf.maps.cpu;

import java.util.Locale;

/** The contexts of a CPU, lowest first: a higher level interrupts a lower one on the same CPU. */
public enum ContextLevel {
    TASK,
    SOFTIRQ,
    HARDIRQ,
    NMI;

    private static final ContextLevel[] VALUES = values();

    static ContextLevel of(int ordinal) {
        return VALUES[ordinal];
    }

    /** Returns the word for it in reports, labels and files: {@code softirq}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The bit of this level in a mask of pending interrupts. */
    int bit() {
        return 1 << ordinal();
    }

    /** Returns how many levels there are. */
    public static int count() {
        return VALUES.length;
    }
}
