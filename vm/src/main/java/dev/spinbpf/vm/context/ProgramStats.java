package dev.spinbpf.vm.context;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ends of a program's runs, by CPU and context. Each CPU's thread alone writes its own counters; any thread may
 * read meanwhile.
 */
public final class ProgramStats {
    /** Most different results that are told apart on each CPU; the others are counted together. */
    public static final int DISTINCT_RESULTS = 16;

    private static final VarHandle COUNTERS = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int PADDING = 8;
    private static final int LEVELS = ContextLevel.count();
    private static final int RUNS = PADDING;
    private static final int MISSES = RUNS + LEVELS;
    private static final int FAULTS = MISSES + LEVELS;
    private static final int NANOS = FAULTS + LEVELS;
    private static final int INSNS = NANOS + LEVELS;
    private static final int RESULTS_USED = INSNS + 1;
    private static final int RESULTS = RESULTS_USED + 1;
    private static final int OTHER_RESULTS = RESULTS + 2 * DISTINCT_RESULTS;
    private static final int SIZE = OTHER_RESULTS + 1 + PADDING;

    private final long[][] countersByCpu;

    ProgramStats(int cpus) {
        countersByCpu = new long[cpus][SIZE];
    }

    /** Makes all counts 0, as before any run; no run may be under way. */
    public void reset() {
        for (long[] counters : countersByCpu) {
            Arrays.fill(counters, 0);
        }
    }

    void countRun(Cpu cpu, long result, long insns) {
        long[] counters = countersByCpu[cpu.id()];
        add(counters, RUNS + cpu.level().ordinal(), 1);
        add(counters, INSNS, insns);
        int used = (int) counters[RESULTS_USED];
        for (int i = 0; i < used; i++) {
            if (counters[RESULTS + 2 * i] == result) {
                add(counters, RESULTS + 2 * i + 1, 1);
                return;
            }
        }
        if (used == DISTINCT_RESULTS) {
            add(counters, OTHER_RESULTS, 1);
            return;
        }
        counters[RESULTS + 2 * used] = result;
        counters[RESULTS + 2 * used + 1] = 1;
        COUNTERS.setRelease(counters, RESULTS_USED, used + 1L);
    }

    /** Counts the time of a run, whatever its end. */
    void countTime(Cpu cpu, long nanos) {
        add(countersByCpu[cpu.id()], NANOS + cpu.level().ordinal(), nanos);
    }

    void countMiss(Cpu cpu) {
        add(countersByCpu[cpu.id()], MISSES + cpu.level().ordinal(), 1);
    }

    void countFault(Cpu cpu) {
        add(countersByCpu[cpu.id()], FAULTS + cpu.level().ordinal(), 1);
    }

    private static void add(long[] counters, int index, long value) {
        COUNTERS.setOpaque(counters, index, counters[index] + value);
    }

    private long sum(int index) {
        long sum = 0;
        for (long[] counters : countersByCpu) {
            sum += (long) COUNTERS.getOpaque(counters, index);
        }
        return sum;
    }

    /** Runs that began at a level and ended with a result. */
    public long runs(ContextLevel level) {
        return sum(RUNS + level.ordinal());
    }

    /** Runs that a recursion guard prevented. */
    public long misses(ContextLevel level) {
        return sum(MISSES + level.ordinal());
    }

    /** Runs that ended with a fault. */
    public long faults(ContextLevel level) {
        return sum(FAULTS + level.ordinal());
    }

    /**
     * Returns the time of all runs at a level in nanoseconds, with that of whatever interrupted them; counted while
     * {@link CpuContext#timeRuns} is on.
     */
    public long nanos(ContextLevel level) {
        return sum(NANOS + level.ordinal());
    }

    /** Instructions executed by runs that ended with a result. */
    public long insns() {
        return sum(INSNS);
    }

    /** Returns how often each result came, as far as they are told apart. */
    public Map<Long, Long> results() {
        Map<Long, Long> results = new TreeMap<>();
        for (long[] counters : countersByCpu) {
            long used = (long) COUNTERS.getAcquire(counters, RESULTS_USED);
            for (int i = 0; i < used; i++) {
                long count = (long) COUNTERS.getOpaque(counters, RESULTS + 2 * i + 1);
                results.merge(counters[RESULTS + 2 * i], count, Long::sum);
            }
        }
        return results;
    }

    /** Returns how often a result came that is not in {@link #results()}. */
    public long otherResults() {
        return sum(OTHER_RESULTS);
    }
}
