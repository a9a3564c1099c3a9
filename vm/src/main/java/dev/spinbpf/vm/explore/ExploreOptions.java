package dev.spinbpf.vm.explore;

import dev.spinbpf.programs.promise.Promise;
import java.time.Duration;
import java.util.List;

/**
 * The bounds of an exploration.
 *
 * @param preemptions how often a CPU may be stopped that could go on, at most {@link #MOST_BOUND}
 * @param interrupts how many interrupts may land, at most {@link #MOST_BOUND}
 * @param stalls how often a CPU may stand still for two seconds right after it took a lock
 * @param duration how long to search
 * @param promises what has to hold; with one that holds always, the search leaves no schedule out
 */
public record ExploreOptions(int preemptions, int interrupts, int stalls, Duration duration, List<Promise> promises) {
    public ExploreOptions {
        promises = List.copyOf(promises);
    }

    /** Bounds without promises. */
    public ExploreOptions(int preemptions, int interrupts, int stalls, Duration duration) {
        this(preemptions, interrupts, stalls, duration, List.of());
    }

    /** Returns the same bounds with promises. */
    public ExploreOptions withPromises(List<Promise> value) {
        return new ExploreOptions(preemptions, interrupts, stalls, duration, value);
    }

    /** The largest bound of preemptions and of interrupts. */
    public static final int MOST_BOUND = ScheduleCache.MOST_USED;

    /** Two preemptions and one interrupt, for ten seconds. */
    public static final ExploreOptions DEFAULT = new ExploreOptions(2, 1, 0, Duration.ofSeconds(10));
}
