package dev.spinbpf.vm.explore;

import java.time.Duration;

/**
 * The bounds of an exploration.
 *
 * @param preemptions how often a CPU may be stopped that could go on, at most {@link #MOST_BOUND}
 * @param interrupts how many interrupts may land, at most {@link #MOST_BOUND}
 * @param stalls how often a CPU may stand still for two seconds right after it took a lock
 * @param duration how long to search
 */
public record ExploreOptions(int preemptions, int interrupts, int stalls, Duration duration) {
    /** The largest bound of preemptions and of interrupts. */
    public static final int MOST_BOUND = ScheduleCache.MOST_USED;

    /** Two preemptions and one interrupt, for ten seconds. */
    public static final ExploreOptions DEFAULT = new ExploreOptions(2, 1, 0, Duration.ofSeconds(10));
}
