package dev.spinbpf.vm.order;

import java.util.List;

/**
 * Something that goes wrong when the programs meet in the wrong moment.
 *
 * @param steps the ring: each step's wanted lock is the next one's held lock, the last one's is that of the first
 */
public record LockPrediction(List<LockStep> steps) {
    /** The kinds of predictions. */
    public enum Kind {
        /** A lock is taken in a context that lands on a holder of the same lock. */
        INVERSION,
        /** Locks are taken in a ring: each holder waits for the next one. */
        RING
    }

    /** The outcomes, of which the report speaks. */
    public enum Outcome {
        /** An acquisition fails at once, with -EDEADLK. */
        FAILS_AT_ONCE,
        /** Two holders wait for each other; one or both find it within a millisecond and get -EDEADLK. */
        FAILS_SOON,
        /** Waiters give up after 250 ms, with -ETIMEDOUT. */
        TIMES_OUT,
        /** Nobody gives up. */
        DEADLOCK
    }

    /** Returns the kind of the ring. */
    public Kind kind() {
        LockStep first = steps.getFirst();
        boolean isAlone = steps.size() == 1;
        return isAlone && first.kind() != LockStep.Kind.NESTED ? Kind.INVERSION : Kind.RING;
    }

    /** Returns what happens then: a ring ends as soon as one of those who wait in it gives up. */
    public Outcome outcome() {
        if (steps.stream().noneMatch(LockStep::mayFail)) {
            return Outcome.DEADLOCK;
        }
        if (kind() == Kind.INVERSION) {
            return Outcome.FAILS_AT_ONCE;
        }
        return steps.size() <= 2 && steps.stream().allMatch(LockStep::mayFail) ? Outcome.FAILS_SOON : Outcome.TIMES_OUT;
    }
}
