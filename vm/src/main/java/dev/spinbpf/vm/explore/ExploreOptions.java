package dev.spinbpf.vm.explore;

import java.time.Duration;

/**
 * The bounds of an exploration.
 *
 * @param preemptions how often a CPU may be stopped that could go on, at most {@link #MOST_BOUND}
 * @param interrupts how many interrupts may land, at most {@link #MOST_BOUND}
 * @param stalls how often a CPU may stand still for two seconds right after it took a lock
 * @param duration how long to search
 * @param predictions whether to search first for what the order of locks predicts
 * @param shard the part of the search that is done
 * @param runs how many programs each CPU runs, one after the other, 1 to {@link #MOST_RUNS}
 */
public record ExploreOptions(
        int preemptions, int interrupts, int stalls, Duration duration, boolean predictions, Shard shard, int runs) {
    /** Bounds of a search that asks for no predictions, and in which each CPU runs one program. */
    public ExploreOptions(int preemptions, int interrupts, int stalls, Duration duration) {
        this(preemptions, interrupts, stalls, duration, false, Shard.WHOLE, 1);
    }

    /** Returns the same bounds of a search that begins with predictions. */
    public ExploreOptions withPredictions() {
        return new ExploreOptions(preemptions, interrupts, stalls, duration, true, shard, runs);
    }

    /** Returns the same bounds of a part of the search. */
    public ExploreOptions withShard(Shard value) {
        return new ExploreOptions(preemptions, interrupts, stalls, duration, predictions, value, runs);
    }

    /** Returns the same bounds for other numbers of programs on each CPU. */
    public ExploreOptions withRuns(int value) {
        return new ExploreOptions(preemptions, interrupts, stalls, duration, predictions, shard, value);
    }

    /**
     * A part of a search: of all situations, in their order, one in so many.
     *
     * @param number which of the parts, from 1
     * @param count how many parts there are
     */
    public record Shard(int number, int count) {
        /** The whole search. */
        public static final Shard WHOLE = new Shard(1, 1);

        /** Returns true where the situation with an index from 0 is in this part. */
        boolean includes(int index) {
            return index % count == number - 1;
        }
    }

    /** The largest bound of preemptions and of interrupts. */
    public static final int MOST_BOUND = ScheduleCache.MOST_USED;

    /** The largest number of programs that a CPU runs. */
    public static final int MOST_RUNS = 4;

    /** Two preemptions and one interrupt, for ten seconds. */
    public static final ExploreOptions DEFAULT = new ExploreOptions(2, 1, 0, Duration.ofSeconds(10));
}
