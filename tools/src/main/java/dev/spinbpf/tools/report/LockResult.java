package dev.spinbpf.tools.report;

import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import java.util.Arrays;
import java.util.Locale;

/** The results of an attempt to take a lock that reports and metrics distinguish. */
public enum LockResult {
    OK,
    AA,
    ABBA,
    TIMEOUT,
    NO_NODE;

    /** The word in labels and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the result that an outcome counts as. */
    public static LockResult of(LockOutcome outcome) {
        return switch (outcome) {
            case FAST, PENDING, QUEUED, TRYLOCK -> OK;
            case AA -> AA;
            case ABBA -> ABBA;
            case TIMEOUT -> TIMEOUT;
            case NO_NODE -> NO_NODE;
        };
    }

    /** Returns the number of attempts that had this result. */
    public long in(LockAttempts attempts) {
        return Arrays.stream(LockOutcome.values())
                .filter(outcome -> of(outcome) == this)
                .mapToLong(attempts::count)
                .sum();
    }
}
