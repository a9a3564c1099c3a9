package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.Arrays;

/**
 * A sum of attempts to take locks, all of which have ended: the counters of one lock's CPUs, or of many locks, as they
 * were when they were added. Reports and metrics read sums, nothing else. For one thread at a time.
 */
public final class LockAttempts {
    private final long[] counts = new long[LockEnd.count()];
    private final TimeHistogram waits = new TimeHistogram();
    private final TimeHistogram holds = new TimeHistogram();
    private int deepestNesting;

    /** No attempts yet. */
    public LockAttempts() {}

    /** Forgets all attempts. */
    public void clear() {
        Arrays.fill(counts, 0);
        waits.clear();
        holds.clear();
        deepestNesting = 0;
    }

    /** Adds what was counted of a lock on a CPU at a level. */
    public void add(LockClass lock, int cpu, ContextLevel level) {
        for (LockEnd end : LockEnd.all()) {
            counts[end.ordinal()] += lock.count(cpu, level, end);
        }
        waits.addAll(lock.waitTimes(cpu, level));
        holds.addAll(lock.heldTimes(cpu, level));
        deepestNesting = Math.max(deepestNesting, lock.deepestNesting(cpu, level));
    }

    /** Adds another sum. */
    public void add(LockAttempts other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        waits.addAll(other.waits);
        holds.addAll(other.holds);
        deepestNesting = Math.max(deepestNesting, other.deepestNesting);
    }

    /** Returns how many ended in a way. */
    public long count(LockOutcome outcome) {
        long sum = 0;
        for (LockEnd end : LockEnd.all()) {
            sum += end.outcome() == outcome ? counts[end.ordinal()] : 0;
        }
        return sum;
    }

    /** Returns how many ended in a way and at a place. */
    public long count(LockEnd end) {
        return counts[end.ordinal()];
    }

    /** Returns how many took the lock. */
    public long acquired() {
        return sum(true);
    }

    /** Returns how many did not. */
    public long failed() {
        return sum(false);
    }

    /** Returns how many there were. */
    public long total() {
        return acquired() + failed();
    }

    private long sum(boolean acquired) {
        long sum = 0;
        for (LockEnd end : LockEnd.all()) {
            sum += end.outcome().isAcquired() == acquired ? counts[end.ordinal()] : 0;
        }
        return sum;
    }

    /** Returns how many locks the CPU held at most when it had just taken this one, this one included. */
    public int deepestNesting() {
        return deepestNesting;
    }

    /** Returns how long contended attempts waited, whether they got the lock or not. */
    public TimeHistogram waits() {
        return waits;
    }

    /** Returns how long the lock was held, of the acquisitions that were timed. */
    public TimeHistogram holds() {
        return holds;
    }
}
