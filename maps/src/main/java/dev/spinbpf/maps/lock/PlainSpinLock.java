package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.cpu.LockWaits;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The ordinary lock of {@code bpf_spin_lock}: no time limit, no entry in the table of held locks. A deadlock does not
 * make it fail, but ends the run ({@link WaitRing}). Linux takes it with interrupts disabled; a lock is a 32-bit word in
 * guest memory, zero while it is free.
 */
public final class PlainSpinLock {
    private PlainSpinLock() {}

    /**
     * Takes a lock: disables interrupts and preemption, and waits as long as it takes.
     *
     * @return the interrupt flags, for {@link #unlock}
     * @throws DeadlockException where the wait has no end; interrupts and preemption stay disabled then
     */
    public static long lock(Cpu cpu, long lock, LockClass lockClass) {
        long flags = cpu.irqSave();
        cpu.preemptDisable();
        if (tryLock(lock)) {
            lockClass.countAcquired(cpu, LockEnd.FAST, cpu.heldLocks().count() + 1);
            return flags;
        }
        contend(cpu, lock, lockClass);
        return flags;
    }

    /**
     * Waits for a lock. The first waiter spins where it is; whoever comes while another one waits is queued, and the
     * tracepoints of contention fire for it: before it is in the queue, and when it has the lock.
     */
    private static void contend(Cpu cpu, long lock, LockClass lockClass) {
        boolean queued = isWaitedFor(cpu, lock);
        if (queued) {
            cpu.fire(HookPoint.CONTENTION_BEGIN, lock, HookPoint.FLAG_SPIN);
        }
        await(cpu, lock, lockClass);
        if (queued) {
            cpu.innerLocks().push(lock, lockClass.number());
            cpu.fire(HookPoint.CONTENTION_END, lock, 0);
            cpu.innerLocks().pop();
        }
    }

    private static boolean isWaitedFor(Cpu cpu, long lock) {
        for (Cpu other : cpu.cpus().all()) {
            for (LockWaits.Wait wait : other.lockWaits().all()) {
                if (wait.lock() == lock) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void await(Cpu cpu, long lock, LockClass lockClass) {
        long startNanos = cpu.nanoTime();
        var watch = new WaitRing.Watch();
        cpu.lockWaits().begin(lock, lockClass.number(), LockWaits.Kind.ENDLESS, cpu.level(), startNanos);
        try {
            for (int turns = 0; !tryLock(lock); turns++) {
                watch.turn(cpu, turns);
                GuestWords.waitFor(lock);
                cpu.relax(turns);
                cpu.poll();
            }
        } finally {
            cpu.lockWaits().end();
        }
        lockClass.countAcquired(cpu, LockEnd.TRYLOCK, cpu.heldLocks().count() + 1);
        lockClass.countWait(cpu, cpu.nanoTime() - startNanos);
    }

    /** Takes a lock inside a map as {@link #lock} does; {@link #unlockInside} releases it. */
    public static long lockInside(Cpu cpu, long lock, LockClass lockClass) {
        long flags = lock(cpu, lock, lockClass);
        cpu.innerLocks().push(lock, lockClass.number());
        return flags;
    }

    /** Releases a lock that {@link #lockInside} took, the last that was taken inside a map. */
    public static void unlockInside(Cpu cpu, long lock, long flags) {
        cpu.innerLocks().pop();
        unlock(cpu, lock, flags);
    }

    /**
     * Takes a lock inside a map if it is free, with interrupts and preemption disabled already; {@link #releaseInside}
     * releases it.
     */
    public static boolean tryLockInside(Cpu cpu, long lock, LockClass lockClass) {
        boolean taken = tryLock(lock);
        if (taken) {
            cpu.innerLocks().push(lock, lockClass.number());
        }
        return taken;
    }

    /** Releases a lock that {@link #tryLockInside} took, the last that was taken inside a map. */
    public static void releaseInside(Cpu cpu, long lock) {
        cpu.innerLocks().pop();
        release(lock);
    }

    private static boolean tryLock(long lock) {
        return LockWord.takeIfFree(lock);
    }

    private static void release(long lock) {
        GuestWords.setIntRelease(lock, 0);
    }

    /** Releases a lock, enables preemption again and restores the flags. */
    public static void unlock(Cpu cpu, long lock, long flags) {
        release(lock);
        cpu.preemptEnable();
        cpu.irqRestore(flags);
    }
}
