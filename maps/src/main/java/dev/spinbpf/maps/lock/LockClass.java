package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The identity under which attempts to take a lock are counted: one lock of a program, or all bucket locks of a map.
 *
 * <p>Counters belong to a CPU each, which is the only one to write them, and are cheap enough to be always on.
 */
public final class LockClass {
    private static final VarHandle COUNTERS = MethodHandles.arrayElementVarHandle(long[].class);
    // A cache line on each side keeps two CPUs' counters apart.
    private static final int PADDING = 8;

    private final String name;
    private final boolean internal;
    private final long[][] countersByCpu;
    private final WaitTimes[] waitsByCpu;

    LockClass(String name, boolean internal, int cpus) {
        this.name = name;
        this.internal = internal;
        countersByCpu = new long[cpus][PADDING + ContextLevel.count() * LockOutcome.count() + PADDING];
        waitsByCpu = new WaitTimes[cpus * ContextLevel.count()];
        for (int i = 0; i < waitsByCpu.length; i++) {
            waitsByCpu[i] = new WaitTimes();
        }
    }

    /** The lock's name: {@code map 'flows' bucket}, {@code flows[3].lock}, {@code global_lock}. */
    public String name() {
        return name;
    }

    /** Whether the runtime takes the lock for itself, inside a map, rather than a program. */
    public boolean isInternal() {
        return internal;
    }

    private static int slot(ContextLevel level, LockOutcome outcome) {
        return PADDING + level.ordinal() * LockOutcome.count() + outcome.ordinal();
    }

    void count(Cpu cpu, LockOutcome outcome) {
        countersByCpu[cpu.id()][slot(cpu.level(), outcome)]++;
    }

    void countWait(Cpu cpu, long nanos) {
        waitTimes(cpu.id(), cpu.level()).add(nanos);
    }

    /** How many attempts of a CPU at a level ended in a way. */
    public long count(int cpu, ContextLevel level, LockOutcome outcome) {
        return (long) COUNTERS.getOpaque(countersByCpu[cpu], slot(level, outcome));
    }

    /** How many attempts of all CPUs at a level ended in a way. */
    public long count(ContextLevel level, LockOutcome outcome) {
        long sum = 0;
        for (int cpu = 0; cpu < countersByCpu.length; cpu++) {
            sum += count(cpu, level, outcome);
        }
        return sum;
    }

    /** How many attempts ended in a way. */
    public long count(LockOutcome outcome) {
        long sum = 0;
        for (var level : ContextLevel.values()) {
            sum += count(level, outcome);
        }
        return sum;
    }

    /** How many attempts there were that ended. */
    public long attempts() {
        long sum = 0;
        for (var outcome : LockOutcome.values()) {
            sum += count(outcome);
        }
        return sum;
    }

    /** How long contended attempts of a CPU at a level waited, whether they succeeded or not. */
    public WaitTimes waitTimes(int cpu, ContextLevel level) {
        return waitsByCpu[cpu * ContextLevel.count() + level.ordinal()];
    }

    /** How long contended attempts waited, as a sum over all CPUs at a level. */
    public WaitTimes waitTimes(ContextLevel level) {
        var sum = new WaitTimes();
        for (int cpu = 0; cpu < countersByCpu.length; cpu++) {
            sum.addAll(waitTimes(cpu, level));
        }
        return sum;
    }

    @Override
    public String toString() {
        return name;
    }
}
