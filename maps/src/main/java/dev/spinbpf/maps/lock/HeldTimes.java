package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Times how long locks are held: one acquisition in {@code interval}, at random, because each costs two readings of the
 * clock.
 *
 * <p>What is timed is kept beside the CPU's table of held locks, under the same index. Its CPU alone writes; others
 * read since when a lock is held.
 */
final class HeldTimes {
    private static final VarHandle NANOS = MethodHandles.arrayElementVarHandle(long[].class);

    private final int interval;
    private final Entries[] entriesByCpu;

    /**
     * @param cpus how many CPUs
     * @param interval how many acquisitions there are to a timed one, on average
     */
    HeldTimes(int cpus, int interval) {
        if (interval < 1) {
            throw new IllegalArgumentException("interval is " + interval + "; it has to be 1 or more");
        }
        this.interval = interval;
        entriesByCpu = new Entries[cpus];
        for (int cpu = 0; cpu < cpus; cpu++) {
            entriesByCpu[cpu] = new Entries(cpu + 1);
        }
    }

    /** One CPU's. */
    private static final class Entries {
        private final long[] sinceNanos = new long[HeldLocks.SLOTS];
        private final @Nullable LockClass[] classes = new @Nullable LockClass[HeldLocks.SLOTS];
        private final ContextLevel[] levels = new ContextLevel[HeldLocks.SLOTS];
        private int random;
        private int untilNext = 1;

        Entries(int seed) {
            random = seed;
        }

        /** Xorshift: 1 to {@code 2 * interval - 1}. */
        int nextGap(int interval) {
            random ^= random << 13;
            random ^= random >>> 17;
            random ^= random << 5;
            return 1 + Integer.remainderUnsigned(random, 2 * interval - 1);
        }
    }

    /** The lock of the topmost entry was just taken. */
    void taken(Cpu cpu, LockClass lockClass) {
        Entries entries = entriesByCpu[cpu.id()];
        int top = cpu.heldLocks().count() - 1;
        if (--entries.untilNext > 0 || top >= HeldLocks.SLOTS) {
            return;
        }
        entries.untilNext = entries.nextGap(interval);
        entries.classes[top] = lockClass;
        entries.levels[top] = cpu.level();
        NANOS.setOpaque(entries.sinceNanos, top, cpu.nanoTime());
    }

    /** The lock of the topmost entry is about to be released. */
    void released(Cpu cpu) {
        Entries entries = entriesByCpu[cpu.id()];
        int top = cpu.heldLocks().count() - 1;
        if (top >= HeldLocks.SLOTS || entries.sinceNanos[top] == 0) {
            return;
        }
        LockClass lockClass = entries.classes[top];
        if (lockClass != null) {
            lockClass.countHold(cpu, entries.levels[top], cpu.nanoTime() - entries.sinceNanos[top]);
        }
        NANOS.setOpaque(entries.sinceNanos, top, 0L);
    }

    /** Since when a CPU has held the lock of an entry, or 0 where that is not timed. */
    long sinceNanos(int cpu, int index) {
        return (long) NANOS.getOpaque(entriesByCpu[cpu].sinceNanos, index);
    }
}
