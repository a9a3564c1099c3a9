package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.HeldLocks;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The places at which programs took the locks that they hold, beside each CPU's table of held locks and under the same
 * index.
 *
 * <p>Its CPU alone writes an entry: when the lock was just taken, and again when it is about to be released. The lock's
 * address is written last and cleared first, so that whoever finds it reads what belongs to it, or finds it gone when
 * looking again.
 *
 * <p>A record, because HotSpot takes what is in one for constants.
 */
record HeldSites(Cpus cpus, Entry[][] entriesByCpu) {
    private static final VarHandle LOCK;

    static {
        try {
            LOCK = MethodHandles.lookup().findVarHandle(Entry.class, "lock", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    HeldSites(Cpus cpus) {
        this(cpus, new Entry[cpus.count()][HeldLocks.SLOTS]);
        for (Entry[] entries : entriesByCpu) {
            Arrays.setAll(entries, _ -> new Entry());
        }
    }

    /** A place of a CPU's, as the run that took the lock left it. */
    static final class Entry {
        @SuppressWarnings("UnusedVariable") // through LOCK
        private long lock;

        private @Nullable Code code;
        private int at;
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
        Entry[] entries = entriesByCpu[run.cpu().id()];
        if (top < entries.length) {
            Entry entry = entries[top];
            if (entry.code != run.code()) {
                entry.code = run.code(); // a store of a reference costs more than a look
            }
            entry.at = run.at();
            LOCK.setRelease(entry, lock);
        }
    }

    /** The CPU is about to release the lock that it took last. */
    void released(Cpu cpu) {
        int top = cpu.heldLocks().count() - 1;
        Entry[] entries = entriesByCpu[cpu.id()];
        if (top >= 0 && top < entries.length) {
            LOCK.setRelease(entries[top], 0L);
        }
    }

    /**
     * Returns the place that took a lock which is held, or null where no program holds it as far as the tables tell.
     * Any thread may ask.
     */
    @Nullable
    Site find(long lock) {
        for (int cpu = 0; cpu < cpus.count(); cpu++) {
            int count = Math.min(HeldLocks.SLOTS, cpus.get(cpu).heldLocks().count());
            for (int i = 0; i < count; i++) {
                Site site = site(cpu, i, lock);
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
        long lock = (long) LOCK.getAcquire(entriesByCpu[cpu][index]);
        return lock == 0 || lock != cpus.get(cpu).heldLocks().heldAt(index) ? null : site(cpu, index, lock);
    }

    private @Nullable Site site(int cpu, int index, long lock) {
        Entry entry = entriesByCpu[cpu][index];
        if ((long) LOCK.getAcquire(entry) != lock) {
            return null;
        }
        Code code = entry.code;
        ContextLevel level = cpus.get(cpu).heldLocks().heldLevelAt(index);
        Site site = code == null || level == null ? null : new Site(cpu, index, level, code, code.slot(entry.at));
        VarHandle.acquireFence();
        return (long) LOCK.getOpaque(entry) == lock ? site : null;
    }
}
