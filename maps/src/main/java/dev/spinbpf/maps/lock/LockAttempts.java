package dev.spinbpf.maps.lock;

import java.util.EnumMap;
import java.util.Map;

/**
 * Attempts to take a lock, all of which have ended.
 *
 * @param outcomes how many ended in which way; ways that did not occur are absent
 * @param deepestNesting how many locks the CPU held at most when it had just taken this one, this one included
 * @param waits how long contended attempts waited, whether they got the lock or not
 * @param holds how long the lock was held, of the acquisitions that were timed
 */
public record LockAttempts(
        Map<LockOutcome, Long> outcomes, int deepestNesting, TimeSnapshot waits, TimeSnapshot holds) {

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

    /** Returns the sum of these and others. */
    LockAttempts plus(LockAttempts other) {
        Map<LockOutcome, Long> sum = new EnumMap<>(LockOutcome.class);
        sum.putAll(outcomes);
        other.outcomes.forEach((outcome, count) -> sum.merge(outcome, count, Long::sum));
        return new LockAttempts(
                sum, Math.max(deepestNesting, other.deepestNesting), waits.plus(other.waits), holds.plus(other.holds));
    }

    private long sum(boolean acquired) {
        return outcomes.entrySet().stream()
                .filter(entry -> entry.getKey().isAcquired() == acquired)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Returns how many ended in a way. */
    public long count(LockOutcome outcome) {
        return outcomes.getOrDefault(outcome, 0L);
    }
}
