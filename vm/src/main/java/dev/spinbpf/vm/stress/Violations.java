package dev.spinbpf.vm.stress;

import java.util.ArrayList;
import java.util.List;

/** Events that must not happen and did. Any thread may add. */
final class Violations {
    private static final int MOST_KEPT = 20;

    private final List<String> kept = new ArrayList<>();
    private long count;

    synchronized void add(String violation) {
        count++;
        if (kept.size() < MOST_KEPT) {
            kept.add(violation);
        }
    }

    /** Adds a violation unless two numbers are equal. */
    void addUnlessEqual(String what, long found, long expected) {
        if (found != expected) {
            add(what + ": " + found + ", not " + expected);
        }
    }

    synchronized long count() {
        return count;
    }

    /** The first ones. */
    synchronized List<String> kept() {
        return List.copyOf(kept);
    }
}
