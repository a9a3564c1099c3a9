package dev.spinbpf.tools.report;

import java.util.Locale;

/** Times as people read them. */
public final class Durations {
    private static final String[] UNITS = {"ns", "us", "ms", "s"};
    private static final long[] UNIT_NANOS = {1, 1_000, 1_000_000, 1_000_000_000};

    private Durations() {}

    /** Three significant digits and a unit: {@code 873 ns}, {@code 1.25 ms}. */
    public static String of(long nanos) {
        int unit = unit(nanos, 999.5);
        double value = nanos / (double) UNIT_NANOS[unit];
        int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", value, UNITS[unit]);
    }

    /** A whole number of a unit: {@code 100 us}. */
    public static String round(long nanos) {
        int unit = unit(nanos, 1000);
        return nanos / UNIT_NANOS[unit] + " " + UNITS[unit];
    }

    /** Returns the smallest unit of which there are fewer than a limit, or the largest. */
    private static int unit(long nanos, double limit) {
        int unit = 0;
        while (unit < UNITS.length - 1 && nanos / (double) UNIT_NANOS[unit] >= limit) {
            unit++;
        }
        return unit;
    }
}
