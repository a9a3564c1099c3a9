package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sched.Plan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** All that one part of a search found and counted. */
final class Gathered {
    private final Results results = new Results();
    private final Map<String, Found> foundByKey = new LinkedHashMap<>();
    private @Nullable Found reached;
    private long schedules;
    private long points;
    private long states;
    private long classes;
    private int longest;
    private boolean whole;

    /** Adds a finding, unless it was found before; one that is wanted ends the search. */
    void found(
            Finding finding,
            Situation situation,
            Supplier<List<Plan.Event>> plan,
            @Nullable Predicate<Finding> wanted) {
        boolean isNew = !foundByKey.containsKey(finding.key());
        boolean reaches = wanted != null && reached == null && wanted.test(finding);
        if (isNew || reaches) {
            Found found = new Found(finding, situation, plan.get());
            foundByKey.putIfAbsent(finding.key(), found);
            reached = reaches ? found : reached;
        }
    }

    /** Counts a run. */
    void ran(int steps) {
        schedules++;
        points += steps;
        longest = Math.max(longest, steps);
    }

    /** Counts the states in which there was a choice, and the classes of schedules. */
    void count(long stateCount, long classCount) {
        states = stateCount;
        classes = classCount;
    }

    /** Ends the part; {@code isWhole} where all of its schedules were run. */
    Gathered end(boolean isWhole) {
        whole = isWhole;
        return this;
    }

    Results results() {
        return results;
    }

    /** Returns what was found, in its order. */
    Map<String, Found> found() {
        return foundByKey;
    }

    /** Returns what was wanted; null where it was not found. */
    @Nullable
    Found reached() {
        return reached;
    }

    long schedules() {
        return schedules;
    }

    long points() {
        return points;
    }

    long states() {
        return states;
    }

    long classes() {
        return classes;
    }

    int longest() {
        return longest;
    }

    boolean isWhole() {
        return whole;
    }
}
