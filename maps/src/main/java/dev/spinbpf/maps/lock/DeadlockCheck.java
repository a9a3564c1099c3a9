package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.maps.sync.GuestWords;

/** Looks for deadlocks in the tables of held locks. */
final class DeadlockCheck {
    DeadlockCheck() {}

    /** Whether this CPU holds {@code lock} below its topmost entry, which is the attempt itself. */
    boolean isAa(Cpu cpu, long lock) {
        return holds(cpu.heldLocks(), lock);
    }

    /** Whether a lock is among the CPU's own entries below the topmost recorded one. */
    private static boolean holds(HeldLocks held, long lock) {
        int recorded = Math.min(HeldLocks.SLOTS, held.count());
        for (int i = 0; i < recorded - 1; i++) {
            if (held.lock(i) == lock) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a CPU that holds {@code lock} itself tries to take a lock that this CPU holds. Says no as soon as the lock is seen
     * to be free, and wherever tables change meanwhile: the caller looks again later. Rings of three and more are not seen.
     *
     * @param mask the part of the lock word that the caller waits for
     */
    boolean isAbba(Cpu cpu, long lock, int mask) {
        Cpus cpus = cpu.cpus();
        for (int other = 0; other < cpus.count(); other++) {
            HeldLocks theirs = cpus.get(other).heldLocks();
            int count = theirs.countOpaque();
            if ((GuestWords.getIntAcquire(lock) & mask) == 0) {
                return false;
            }
            // One entry that is held and one attempt make two. Past the last slot the attempt is not recorded.
            if (other == cpu.id() || count < 2 || count > HeldLocks.SLOTS) {
                continue;
            }
            long attempted = theirs.lockOpaque(count - 1);
            if (attempted != 0 && holdsOpaque(theirs, count - 1, lock)) {
                return holds(cpu.heldLocks(), attempted);
            }
        }
        return false;
    }

    private static boolean holdsOpaque(HeldLocks theirs, int entries, long lock) {
        for (int i = 0; i < entries; i++) {
            if (theirs.lockOpaque(i) == lock) {
                return true;
            }
        }
        return false;
    }
}
