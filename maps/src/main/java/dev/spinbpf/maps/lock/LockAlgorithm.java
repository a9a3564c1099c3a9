package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.cpu.LockWaits;
import org.jspecify.annotations.Nullable;

/**
 * A spin lock that fails rather than hangs: {@code rqspinlock_t}, {@code bpf_res_spin_lock}. A lock is a 32-bit word in
 * guest memory, zero while it is free; one object of this class serves all locks of a machine.
 *
 * <p>An attempt is entered into its CPU's table of held locks first and the lock is taken after that; on release the
 * lock is let go first and the entry cleared after that. So whatever interrupts the CPU on the way finds the entry
 * whenever the lock is taken, and fails at once with AA instead of waiting for the CPU that it interrupted. Locks are
 * released in the opposite order of taking.
 */
public abstract sealed class LockAlgorithm permits FaultInjectingLock, RqSpinLock, TasLock {
    private final LockStats stats;
    private final DeadlockCheck deadlockCheck;
    private final @Nullable HeldTimes heldTimes;
    private HoldDelay holdDelay = HoldDelay.NONE;

    LockAlgorithm(LockStats stats) {
        this.stats = stats;
        this.heldTimes = stats.heldTimes();
        this.deadlockCheck = new DeadlockCheck();
    }

    /** Returns what is counted about the locks. */
    public final LockStats stats() {
        return stats;
    }

    /**
     * Since when a CPU has held the lock of an entry of its table of held locks, by its clock; 0 where that is not
     * timed. Any thread may ask.
     */
    public final long heldSinceNanos(int cpu, int index) {
        return heldTimes == null ? 0 : heldTimes.sinceNanos(cpu, index);
    }

    /**
     * Sets the work of CPUs in critical sections; before any CPU runs. Sections of the runtime itself, inside maps, do
     * it in {@link #lock} and {@link #lockIrqsave}; for those of programs {@link #delay} is called.
     */
    public final void setHoldDelay(HoldDelay delay) {
        holdDelay = delay;
    }

    /** Does the work of a CPU in a critical section that it has just entered. */
    public final void delay(Cpu cpu, LockClass lockClass) {
        holdDelay.taken(cpu, lockClass);
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
        int result = take(cpu, lock, lockClass);
        if (result != 0) {
            cpu.preemptEnable();
        }
        return result;
    }

    /** {@code res_spin_lock}, with preemption disabled; the runtime's own critical sections take their time at once. */
    private int take(Cpu cpu, long lock, LockClass lockClass) {
        int result = enterAndTake(cpu, lock, lockClass);
        if (result == 0 && lockClass.isInternal()) {
            holdDelay.taken(cpu, lockClass);
        }
        return result;
    }

    /** Enters the lock into the table of held locks and takes it. */
    private int enterAndTake(Cpu cpu, long lock, LockClass lockClass) {
        HeldLocks held = cpu.heldLocks();
        held.raiseCount();
        cpu.poll();
        held.recordTop(lock);
        cpu.poll();
        int seen = tryFast(lock);
        if (seen != 0) {
            return takeContended(cpu, lock, lockClass, seen);
        }
        taken(cpu, lockClass, LockEnd.FAST);
        cpu.poll();
        return 0;
    }

    private void taken(Cpu cpu, LockClass lockClass, LockEnd end) {
        HeldLocks held = cpu.heldLocks();
        held.noteTaken(cpu.level(), lockClass.number());
        lockClass.countAcquired(cpu, end, held.count());
        if (heldTimes != null) {
            heldTimes.taken(cpu, lockClass);
        }
    }

    private int takeContended(Cpu cpu, long lock, LockClass lockClass, int seen) {
        long startNanos = cpu.nanoTime();
        LockEnd end = waited(cpu, lock, lockClass, seen, startNanos);
        long waitedNanos = cpu.nanoTime() - startNanos;
        lockClass.countWait(cpu, waitedNanos);
        if (end.outcome().isAcquired()) {
            taken(cpu, lockClass, end);
        } else {
            lockClass.countFailed(cpu, end);
            abandonEntry(cpu);
            stats.failed(failure(cpu, lock, lockClass, end, waitedNanos));
        }
        return end.outcome().result();
    }

    private LockEnd waited(Cpu cpu, long lock, LockClass lockClass, int seen, long startNanos) {
        cpu.lockWaits().begin(lock, lockClass.number(), LockWaits.Kind.LIMITED, cpu.level(), startNanos);
        try {
            return acquireSlowly(cpu, lock, seen);
        } catch (DeadlockException e) {
            abandonEntry(cpu);
            throw e;
        } finally {
            cpu.lockWaits().end();
        }
    }

    /** Takes the lock if it is free. Returns the word that was seen: 0 where the lock was taken. */
    abstract int tryFast(long lock);

    /**
     * Takes the lock that {@link #tryFast} did not get; the caller has entered it into the table of held locks.
     *
     * @param seen what {@link #tryFast} returned
     */
    abstract LockEnd acquireSlowly(Cpu cpu, long lock, int seen);

    /** Takes the entry of a failed attempt off the table: slot first, then the count. */
    private static void abandonEntry(Cpu cpu) {
        cpu.heldLocks().clearTop();
        cpu.poll();
        cpu.heldLocks().lowerCount();
    }

    private LockFailure failure(Cpu cpu, long lock, LockClass lockClass, LockEnd end, long waitedNanos) {
        HeldLocks held = cpu.heldLocks();
        Cpu holder = null;
        ContextLevel holderLevel = null;
        for (int id = 0; id < cpu.cpus().count() && holderLevel == null; id++) {
            holder = cpu.cpus().get(id);
            holderLevel = holder.heldLocks().levelOfHolder(lock);
        }
        return new LockFailure(
                stats.run(),
                stats.nextFailure(),
                lockClass,
                lock,
                end,
                cpu.id(),
                cpu.level(),
                held.toArray(),
                held.count(),
                holder == null || holderLevel == null ? -1 : holder.id(),
                holderLevel,
                waitedNanos);
    }

    /**
     * Releases a lock and enables preemption again: {@code raw_res_spin_unlock}. The lock word comes first, then the
     * entry's slot, then the count.
     */
    public final void unlock(Cpu cpu, long lock) {
        letGo(cpu, lock);
        cpu.preemptEnable();
    }

    /** {@code res_spin_unlock}. */
    private void letGo(Cpu cpu, long lock) {
        HeldLocks held = cpu.heldLocks();
        held.noteReleased();
        if (heldTimes != null) {
            heldTimes.released(cpu);
        }
        LockWord.release(lock);
        cpu.poll();
        held.clearTop();
        cpu.poll();
        held.lowerCount();
    }

    /**
     * Takes a lock with interrupts disabled: {@code raw_res_spin_lock_irqsave}. On failure the flags are restored, and
     * what has become unmasked runs with preemption still disabled.
     *
     * @param flags what {@link Cpu#irqSave} returned just before
     */
    public final int lockIrqsave(Cpu cpu, long lock, LockClass lockClass, long flags) {
        cpu.preemptDisable();
        int result = take(cpu, lock, lockClass);
        if (result != 0) {
            cpu.irqRestore(flags);
            cpu.preemptEnable();
        }
        return result;
    }

    /**
     * Releases a lock and restores the interrupt flags: {@code raw_res_spin_unlock_irqrestore}. What has become
     * unmasked runs with preemption still disabled.
     */
    public final void unlockIrqrestore(Cpu cpu, long lock, long flags) {
        letGo(cpu, lock);
        cpu.irqRestore(flags);
        cpu.preemptEnable();
    }
}
