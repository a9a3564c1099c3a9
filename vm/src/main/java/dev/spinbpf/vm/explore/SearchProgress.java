package dev.spinbpf.vm.explore;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Counts of a search so far; any thread may read them. */
public final class SearchProgress {
    private final LongAdder schedules = new LongAdder();
    private final LongAdder points = new LongAdder();
    private final LongAdder classes = new LongAdder();
    private final AtomicInteger deepest = new AtomicInteger();
    private volatile int findings;
    private volatile String bounds = "";

    SearchProgress() {}

    void ran(int steps) {
        schedules.increment();
        points.add(steps);
        if (steps > deepest.getPlain()) {
            deepest.accumulateAndGet(steps, Math::max);
        }
    }

    void addClasses(int count) {
        classes.add(count);
    }

    void found(int count) {
        findings = count;
    }

    void within(String words) {
        bounds = words;
    }

    /** Returns how many schedules were run. */
    public long schedules() {
        return schedules.sum();
    }

    /** Returns how many schedule points were passed. */
    public long points() {
        return points.sum();
    }

    /** Returns how many runs came to their end in an order of steps that was not met before within the same bounds. */
    public long classes() {
        return classes.sum();
    }

    /** Returns the schedule points of the longest run. */
    public int deepest() {
        return deepest.get();
    }

    /** Returns how many things were found in the parts of the search that have ended. */
    public int findings() {
        return findings;
    }

    /** Returns the bounds of what is searched now, in words. */
    public String bounds() {
        return bounds;
    }
}
