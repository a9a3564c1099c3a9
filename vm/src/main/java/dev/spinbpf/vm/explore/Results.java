package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.lock.LockOutcome;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The results of attempts to take locks at each place, over the runs of an exploration. */
final class Results {
    private record Site(Place place, String lock) {}

    private final Map<Site, EnumSet<LockOutcome>> outcomesBySite = new HashMap<>();
    private final Set<String> notes = new TreeSet<>();

    /** A lock was taken, in whatever way. */
    void acquired(Place place, String lock) {
        failed(place, lock, LockOutcome.FAST);
    }

    /** An attempt ended. */
    void failed(Place place, String lock, LockOutcome outcome) {
        outcomesBySite
                .computeIfAbsent(new Site(place, lock), key -> EnumSet.noneOf(LockOutcome.class))
                .add(outcome);
    }

    /** Returns pairs of a load and a store that nothing orders, in words; it may be added to. */
    Set<String> notes() {
        return notes;
    }

    /** Adds those of another part of the exploration. */
    void add(Results other) {
        other.outcomesBySite.forEach((site, outcomes) -> outcomesBySite
                .computeIfAbsent(site, key -> EnumSet.noneOf(LockOutcome.class))
                .addAll(outcomes));
        notes.addAll(other.notes);
    }

    /** Returns the results by place. */
    List<LockSite> sites() {
        return outcomesBySite.entrySet().stream()
                .map(entry -> new LockSite(entry.getKey().place, entry.getKey().lock, entry.getValue()))
                .sorted(LockSite.ORDER)
                .toList();
    }
}
