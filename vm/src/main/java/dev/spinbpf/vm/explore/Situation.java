package dev.spinbpf.vm.explore;

import java.util.List;

/**
 * The state of things at the start of a run.
 *
 * @param roots for each CPU the index of the entry that it begins with, -1 for none
 * @param names the entries' names, for each CPU
 * @param sameNumbers whether all random numbers that programs draw are one and the same
 */
record Situation(List<Integer> roots, List<String> names, boolean sameNumbers) {
    Situation {
        roots = List.copyOf(roots);
        names = List.copyOf(names);
    }

    @Override
    public String toString() {
        return String.join(" | ", names) + (sameNumbers ? "" : ", random numbers that differ");
    }
}
