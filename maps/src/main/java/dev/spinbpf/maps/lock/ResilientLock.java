package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.sync.GuestWords;
import org.jspecify.annotations.Nullable;

/**
 * A spin lock that fails rather than hangs: {@code rqspinlock_t}, {@code bpf_res_spin_lock}. A lock is a 32-bit word in guest
 * memory, zero while it is free; one object of this class serves all locks of a machine.
 *
 * <p>An attempt is entered into its CPU's table of held locks first and the lock is taken after that; on release the lock is let
 * go first and the entry cleared after that. So whatever interrupts the CPU on the way finds the entry whenever the lock is
 * taken, and fails at once with AA instead of waiting for the CPU that it interrupted. Locks are released in the opposite order
 * of taking.
 */
public abstract sealed class ResilientLock permits RqSpinLock, TasLock {
    private final LockStats stats;
    private final DeadlockCheck deadlockCheck;
    private final @Nullable HeldTimes heldTimes;

    ResilientLock(LockStats stats) {
        this.stats = stats;
        this.heldTimes = stats.heldTimes();
        this.deadlockCheck = new DeadlockCheck();
    }

    /** What is counted about the locks. */
    public final LockStats stats() {
        return stats;
    }

    final DeadlockCheck deadlockCheck() {
        return deadlockCheck;
    }

    /**
     * Takes a lock and disables preemption: {@code raw_res_spin_lock}.
     *
     * @param lock the guest address of the lock word
     * @param lockClass what the attempt is counted under
     * @return 0, or {@code -EDEADLK} or {@code -ETIMEDOUT} with nothing changed
     */
    public final int lock(Cpu cpu, long lock, LockClass lockClass) {
        cpu.preemptDisable();
        HeldLocks held = cpu.heldLocks();
        held.raiseCount();
        cpu.poll();
        held.recordTop(lock);
        cpu.poll();
        if (tryFast(lock)) {
            cpu.poll();
            taken(cpu, lockClass, LockOutcome.FAST);
            return 0;
        }
        return lockContended(cpu, lock, lockClass);
    }

    private void taken(Cpu cpu, LockClass lockClass, LockOutcome outcome) {
        lockClass.countAcquired(cpu, outcome, cpu.heldLocks().count());
        if (heldTimes != null) {
            heldTimes.taken(cpu, lockClass);
        }
    }

    private int lockContended(Cpu cpu, long lock, LockClass lockClass) {
        long startNanos = cpu.nanoTime();
        LockOutcome outcome = acquireSlowly(cpu, lock);
        long waitedNanos = cpu.nanoTime() - startNanos;
        lockClass.countWait(cpu, waitedNanos);
        if (outcome.isAcquired()) {
            taken(cpu, lockClass, outcome);
        } else {
            lockClass.countFailed(cpu, outcome);
            abandonEntry(cpu);
            stats.failed(failure(cpu, lock, lockClass, outcome, waitedNanos));
            cpu.preemptEnable();
        }
        return outcome.result();
    }

    /** Takes the free lock. */
    abstract boolean tryFast(long lock);

    /** Takes the lock that {@link #tryFast} did not get; the caller has entered it into the table of held locks. */
    abstract LockOutcome acquireSlowly(Cpu cpu, long lock);

    /** Takes the entry of a failed attempt off the table: slot first, then the count. */
    private static void abandonEntry(Cpu cpu) {
        cpu.heldLocks().clearTop();
        cpu.poll();
        cpu.heldLocks().lowerCount();
    }

    private static LockFailure failure(Cpu cpu, long lock, LockClass lockClass, LockOutcome outcome, long waitedNanos) {
        HeldLocks held = cpu.heldLocks();
        return new LockFailure(
                lockClass,
                lock,
                outcome,
                cpu.id(),
                cpu.level(),
                held.toArray(),
                held.count(),
                DeadlockCheck.holder(cpu, lock),
                waitedNanos);
    }

    /**
     * Releases a lock and enables preemption again: {@code raw_res_spin_unlock}.
     *
     * <p>(*,*,1) → (*,*,0), then the entry's slot, then the count.
     */
    public final void unlock(Cpu cpu, long lock) {
        HeldLocks held = cpu.heldLocks();
        if (heldTimes != null) {
            heldTimes.released(cpu);
        }
        release(lock);
        cpu.poll();
        held.clearTop();
        cpu.poll();
        held.lowerCount();
        cpu.preemptEnable();
    }

    /** Stores zero to the locked byte with release order. */
    static void release(long lock) {
        GuestWords.setByteRelease(lock, (byte) 0);
    }

    /**
     * Takes a lock with interrupts disabled: {@code raw_res_spin_lock_irqsave}. On failure the flags are restored.
     *
     * @param flags what {@link Cpu#irqSave} returned just before
     */
    public final int lockIrqsave(Cpu cpu, long lock, LockClass lockClass, long flags) {
        int result = lock(cpu, lock, lockClass);
        if (result != 0) {
            cpu.irqRestore(flags);
        }
        return result;
    }

    /** Releases a lock and restores the interrupt flags: {@code raw_res_spin_unlock_irqrestore}. */
    public final void unlockIrqrestore(Cpu cpu, long lock, long flags) {
        unlock(cpu, lock);
        cpu.irqRestore(flags);
    }
}
