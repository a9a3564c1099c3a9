package dev.spinbpf.maps.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Counters that belong to a CPU each: only its thread writes them, any thread may read meanwhile, and no two CPUs write
 * to one cache line.
 */
public final class CpuCounters {
    private static final VarHandle COUNTERS = MethodHandles.arrayElementVarHandle(long[].class);
    /** A cache line on each side. */
    private static final int PADDING = 8;

    private final long[][] countersByCpu;

    /** Counters that are zero: {@code count} of them for each CPU. */
    public CpuCounters(int cpus, int count) {
        countersByCpu = new long[cpus][PADDING + count + PADDING];
    }

    /** Adds to a counter of a CPU; for that CPU's thread. */
    public void add(Cpu cpu, int index, long value) {
        long[] counters = countersByCpu[cpu.id()];
        COUNTERS.setOpaque(counters, PADDING + index, counters[PADDING + index] + value);
    }

    /** Returns a counter of a CPU. */
    public long get(int cpu, int index) {
        return (long) COUNTERS.getOpaque(countersByCpu[cpu], PADDING + index);
    }

    /** Returns a counter's sum over all CPUs. */
    public long sum(int index) {
        long sum = 0;
        for (int cpu = 0; cpu < countersByCpu.length; cpu++) {
            sum += get(cpu, index);
        }
        return sum;
    }
}
