package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.lock.LockOutcome;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * The results of the attempts to take a lock at a place of a program.
 *
 * @param place the program's call, of the function that takes the lock or of the map operation that does
 * @param lock the lock's name
 * @param results what attempts there came to, in all runs
 */
public record LockSite(Place place, String lock, Set<LockOutcome> results) {
    /** The order of reports. */
    static final Comparator<LockSite> ORDER = Comparator.comparing(
                    (LockSite site) -> site.place().program())
            .thenComparing(site -> site.place().place())
            .thenComparing(LockSite::lock);

    /** Returns the results in words, sorted: 0 where the lock was taken, and the kinds of failures. */
    public List<String> words() {
        return results.stream().map(LockWords::word).distinct().sorted().toList();
    }
}
