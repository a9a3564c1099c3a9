package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import org.jspecify.annotations.Nullable;

/**
 * The queued lock with failures at will: fault injection, by which one sees what is left of a map when a lock inside it
 * fails. A failure that is injected is counted and reported as any other.
 *
 * <p>For one thread at a time, or strands of a simulation.
 */
public final class FaultInjectingLock extends LockAlgorithm {
    /** Decides which attempts fail. */
    @FunctionalInterface
    public interface Plan {
        /** Attempts fail only where the lock itself fails them. */
        Plan NONE = (attempt, lock) -> null;

        /**
         * Decides on an attempt.
         *
         * @param attempt how many there were before
         * @param lock address of the lock
         * @return how it fails, or null to let it take the lock if it can
         */
        @Nullable
        LockOutcome failure(long attempt, long lock);
    }

    private final RqSpinLock real;
    private Plan plan = Plan.NONE;
    private long attempts;
    private @Nullable LockOutcome injected;

    public FaultInjectingLock(LockStats stats) {
        super(stats);
        real = new RqSpinLock(stats);
    }

    /** Sets what fails from now on, and counts attempts from 0 again. */
    public void plan(Plan newPlan) {
        plan = newPlan;
        attempts = 0;
    }

    /** Returns how many attempts there were since {@link #plan} was called. */
    public long attempts() {
        return attempts;
    }

    @Override
    int tryFast(long lock) {
        injected = plan.failure(attempts++, lock);
        return injected == null ? real.tryFast(lock) : LockWord.LOCKED;
    }

    @Override
    LockEnd acquireSlowly(Cpu cpu, long lock, int seen) {
        LockOutcome failure = injected;
        injected = null;
        return failure != null ? LockEnd.gaveUp(failure, LockPath.SPIN) : real.acquireSlowly(cpu, lock, seen);
    }
}
