package dev.spinbpf.vm.explore;

import java.util.List;

/**
 * The state of things at the start of a run.
 *
 * @param start what a replay needs to begin there again
 * @param names for each CPU the names of the entries that it runs
 */
record Situation(Witness.Start start, List<String> names) {
    Situation {
        names = List.copyOf(names);
    }

    @Override
    public String toString() {
        return String.join(" | ", names) + (start.sameNumbers() ? "" : ", random numbers that differ");
    }
}
