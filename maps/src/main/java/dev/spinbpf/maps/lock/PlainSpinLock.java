package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
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
        await(cpu, lock, lockClass);
        return flags;
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

    /** Takes a lock if it is free, with interrupts and preemption disabled already; {@link #release} releases it. */
    public static boolean tryLock(long lock) {
        return LockWord.takeIfFree(lock);
    }

    /** Releases a lock that {@link #tryLock} took. */
    public static void release(long lock) {
        GuestWords.setIntRelease(lock, 0);
    }

    /** Releases a lock, enables preemption again and restores the flags. */
    public static void unlock(Cpu cpu, long lock, long flags) {
        release(lock);
        cpu.preemptEnable();
        cpu.irqRestore(flags);
    }
}
