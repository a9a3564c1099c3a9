package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The places at which programs took the locks that they hold, beside each CPU's table of held locks and under the same
 * index.
 *
 * <p>Its CPU alone writes an entry: when the lock was just taken, and again when it is about to be released. The lock's
 * address is written last and cleared first, so that whoever finds it reads what belongs to it, or finds it gone when
 * looking again.
 */
final class HeldSites {
    private static final VarHandle LOCKS = MethodHandles.arrayElementVarHandle(long[].class);

    private final Cpus cpus;
    private final Entries[] entriesByCpu;

    HeldSites(Cpus cpus) {
        this.cpus = cpus;
        entriesByCpu = new Entries[cpus.count()];
        for (int i = 0; i < entriesByCpu.length; i++) {
            entriesByCpu[i] = new Entries();
        }
    }

    /** One CPU's. */
    private static final class Entries {
        private final long[] locks = new long[HeldLocks.SLOTS];
        private final @Nullable Code[] codes = new @Nullable Code[HeldLocks.SLOTS];
        private final int[] slots = new int[HeldLocks.SLOTS];
        private final ContextLevel[] levels = new ContextLevel[HeldLocks.SLOTS];
    }

    /**
     * The place at which a lock was taken.
     *
     * @param cpu the CPU that holds it
     * @param index under which number of its held locks
     * @param level its level then
     * @param code the program
     * @param slot the instruction that called the locking function
     */
    record Site(int cpu, int index, ContextLevel level, Code code, int slot) {}

    /** The run has just taken a lock. */
    void taken(Execution run, long lock) {
        int top = run.cpu().heldLocks().count() - 1;
        if (top >= HeldLocks.SLOTS) {
            return;
        }
        Entries entries = entriesByCpu[run.cpu().id()];
        entries.codes[top] = run.code();
        entries.slots[top] = run.slot();
        entries.levels[top] = run.cpu().level();
        LOCKS.setRelease(entries.locks, top, lock);
    }

    /** The CPU is about to release the lock that it took last. */
    void released(Cpu cpu) {
        int top = cpu.heldLocks().count() - 1;
        if (top >= 0 && top < HeldLocks.SLOTS) {
            LOCKS.setRelease(entriesByCpu[cpu.id()].locks, top, 0L);
        }
    }

    /**
     * Returns the place that took a lock which is held, or null where no program holds it as far as the tables tell.
     * Any thread may ask.
     */
    @Nullable
    Site find(long lock) {
        for (int cpu = 0; cpu < cpus.count(); cpu++) {
            Entries entries = entriesByCpu[cpu];
            int count = Math.min(HeldLocks.SLOTS, cpus.get(cpu).heldLocks().count());
            for (int i = 0; i < count; i++) {
                Site site = at(entries, cpu, i, lock);
                if (site != null) {
                    return site;
                }
            }
        }
        return null;
    }

    /** Returns the place that took the lock of an entry, or null where no program took it. Any thread may ask. */
    @Nullable
    Site at(int cpu, int index) {
        if (index >= HeldLocks.SLOTS) {
            return null;
        }
        Entries entries = entriesByCpu[cpu];
        long lock = (long) LOCKS.getAcquire(entries.locks, index);
        return lock == 0 || lock != cpus.get(cpu).heldLocks().heldAt(index) ? null : at(entries, cpu, index, lock);
    }

    private static @Nullable Site at(Entries entries, int cpu, int index, long lock) {
        if ((long) LOCKS.getAcquire(entries.locks, index) != lock) {
            return null;
        }
        Code code = entries.codes[index];
        Site site = code == null ? null : new Site(cpu, index, entries.levels[index], code, entries.slots[index]);
        VarHandle.acquireFence();
        return (long) LOCKS.getOpaque(entries.locks, index) == lock ? site : null;
    }
}
