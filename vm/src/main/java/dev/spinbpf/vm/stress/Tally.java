package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.lock.TimeHistogram;
import dev.spinbpf.programs.linux.Errno;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One CPU's own count, at one level, of its attempts to take locks: kept apart from the locks' own statistics, so that
 * the two can be held against each other. One thread writes; any may read meanwhile.
 */
final class Tally {
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int ATTEMPTS = 0;
    private static final int DEADLOCKS = 1;
    private static final int TIMEOUTS = 2;
    private static final int ACQUIRED = 3;

    private final long[] counts;
    private final TimeHistogram latency = new TimeHistogram();

    Tally(int locks) {
        counts = new long[ACQUIRED + locks];
    }

    private void increment(int index) {
        COUNTS.setOpaque(counts, index, counts[index] + 1);
    }

    private long get(int index) {
        return (long) COUNTS.getOpaque(counts, index);
    }

    void begin() {
        increment(ATTEMPTS);
    }

    /** Counts what {@link #begin} began, by the lock's result. */
    void end(int lock, int result, long nanos) {
        increment(result == 0 ? ACQUIRED + lock : result == -Errno.ETIMEDOUT ? TIMEOUTS : DEADLOCKS);
        latency.add(nanos);
    }

    long attempts() {
        return get(ATTEMPTS);
    }

    long deadlocks() {
        return get(DEADLOCKS);
    }

    long timeouts() {
        return get(TIMEOUTS);
    }

    long acquired(int lock) {
        return get(ACQUIRED + lock);
    }

    long acquired() {
        long sum = 0;
        for (int i = ACQUIRED; i < counts.length; i++) {
            sum += get(i);
        }
        return sum;
    }

    TimeHistogram latency() {
        return latency;
    }
}
