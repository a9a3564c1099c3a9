package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * Looks for deadlocks in the tables of held locks, without an arbiter: each waiter looks for itself.
 *
 * <p>AA: a CPU attempts a lock that it holds. ABBA: the lock that this CPU attempts is held by a CPU whose own attempt
 * is for a lock that this CPU holds. A CPU's attempt is its topmost entry, and everything below it counts as held. Past
 * the last slot entries are not recorded, so an attempt there is not seen. Rings of three CPUs and more are not looked
 * for.
 *
 * <p>Other CPUs change their tables meanwhile. An answer of no is never final, because the caller looks again later; a
 * yes may come too late by as much as the other CPU has moved on since, which the algorithm accepts.
 */
final class DeadlockCheck {
    DeadlockCheck() {}

    /** Returns true where this CPU holds {@code lock} below its topmost entry, which is the attempt itself. */
    boolean isAa(Cpu cpu, long lock) {
        return holds(cpu.heldLocks(), lock);
    }

    private static boolean holds(HeldLocks own, long lock) {
        int attempt = Math.min(HeldLocks.SLOTS, own.count()) - 1;
        for (int i = 0; i < attempt; i++) {
            if (own.lock(i) == lock) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns true where a CPU that holds {@code lock} attempts one that this CPU holds; false as soon as the lock is
     * seen to be free.
     *
     * @param mask the part of the lock word that the caller waits for
     */
    boolean isAbba(Cpu cpu, long lock, int mask) {
        Cpus cpus = cpu.cpus();
        for (int id = 0; id < cpus.count(); id++) {
            HeldLocks table = cpus.get(id).heldLocks();
            int count = table.countOpaque();
            if ((GuestWords.getIntAcquire(lock) & mask) == 0) {
                return false;
            }
            long attempted = id == cpu.id() ? 0 : attemptOfHolder(table, count, lock);
            if (attempted != 0) {
                return holds(cpu.heldLocks(), attempted);
            }
        }
        return false;
    }

    /**
     * Returns the lock that the holder of {@code lock} attempts; 0 where the table's CPU does not hold it or attempts
     * nothing.
     */
    private static long attemptOfHolder(HeldLocks table, int count, long lock) {
        int attempt = count - 1;
        if (attempt < 1 || attempt >= HeldLocks.SLOTS) {
            return 0;
        }
        long attempted = table.lockOpaque(attempt);
        for (int i = 0; attempted != 0 && i < attempt; i++) {
            if (table.lockOpaque(i) == lock) {
                return attempted;
            }
        }
        return 0;
    }
}
