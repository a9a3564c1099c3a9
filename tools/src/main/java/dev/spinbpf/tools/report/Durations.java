package dev.spinbpf.tools.report;

import java.util.Locale;

/** Times as people read them. */
final class Durations {
    private static final String[] UNITS = {"ns", "us", "ms", "s"};

    private Durations() {}

    /** Three significant digits and a unit: {@code 873 ns}, {@code 1.25 ms}. */
    public static String of(long nanos) {
        double value = nanos;
        int unit = 0;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        int decimals = unit == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f %s", value, UNITS[unit]);
    }

    /** A whole number of a unit: {@code 100 us}. */
    public static String round(long nanos) {
        long value = nanos;
        int unit = 0;
        while (value >= 1000 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return value + " " + UNITS[unit];
    }
}
