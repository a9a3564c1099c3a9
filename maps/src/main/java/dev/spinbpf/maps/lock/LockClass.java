package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HeldLocks;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The identity under which attempts to take a lock are counted: one lock of a program, or all bucket locks of a map.
 *
 * <p>Counters belong to a CPU each, which is the only one to write them, and are cheap enough to be always on.
 */
public final class LockClass {
    private static final VarHandle COUNTERS = MethodHandles.arrayElementVarHandle(long[].class);
    // A cache line on each side keeps two CPUs' counters apart.
    private static final int PADDING = 8;
    private static final int DEEPEST = LockEnd.count();
    private static final int COUNTERS_PER_LEVEL = DEEPEST + 1;

    private volatile LockIdentity identity;
    private final int number;
    private final boolean internal;
    private volatile @Nullable String site;
    private final long[][] countersByCpu;
    private final TimeHistogram[] waitsByCpu;
    private final TimeHistogram[] holdsByCpu;

    /**
     * @param number what {@link HeldLocks} knows it by, 0 for none
     * @param internal true where the runtime takes the lock for itself
     */
    LockClass(LockIdentity identity, int number, boolean internal, int cpus) {
        this.identity = identity;
        this.number = number;
        this.internal = internal;
        countersByCpu = new long[cpus][PADDING + ContextLevel.count() * COUNTERS_PER_LEVEL + PADDING];
        waitsByCpu = histograms(cpus);
        holdsByCpu = histograms(cpus);
    }

    private static TimeHistogram[] histograms(int cpus) {
        var histograms = new TimeHistogram[cpus * ContextLevel.count()];
        for (int i = 0; i < histograms.length; i++) {
            histograms[i] = new TimeHistogram();
        }
        return histograms;
    }

    /** Returns the lock's names. */
    public LockIdentity identity() {
        return identity;
    }

    /** Sets the identity of another lock with the same names. */
    void setIdentity(LockIdentity newIdentity) {
        identity = newIdentity;
    }

    /** Returns the name for people: {@code map 'flows' bucket}, {@code flows[3].lock}, {@code global_lock}. */
    public String name() {
        return identity.text();
    }

    /** Returns the number by which {@link HeldLocks} knows it, from 1; 0 for a lock that it cannot tell from others. */
    public int number() {
        return number;
    }

    /** Returns the source line at which a program first took it, as {@code file.c:18}; {@code unknown} without line information, empty before. */
    public String site() {
        String known = site;
        return known == null ? "" : known;
    }

    /** Returns true once {@link #site} says where a program took it. */
    public boolean hasSite() {
        return site != null;
    }

    /** Sets the source line at which a program first took it. */
    public void setSite(String newSite) {
        site = newSite;
    }

    /** Returns true where the runtime takes the lock for itself, inside a map, rather than a program. */
    public boolean isInternal() {
        return internal;
    }

    private static int base(ContextLevel level) {
        return PADDING + level.ordinal() * COUNTERS_PER_LEVEL;
    }

    /**
     * Counts a successful attempt.
     *
     * @param depth how many locks the CPU holds now, this one included
     */
    void countAcquired(Cpu cpu, LockEnd end, int depth) {
        long[] counters = countersByCpu[cpu.id()];
        int base = base(cpu.level());
        counters[base + end.ordinal()]++;
        if (depth > counters[base + DEEPEST]) {
            counters[base + DEEPEST] = depth;
        }
    }

    /** Counts a failed attempt. */
    void countFailed(Cpu cpu, LockEnd end) {
        countersByCpu[cpu.id()][base(cpu.level()) + end.ordinal()]++;
    }

    void countWait(Cpu cpu, long nanos) {
        waitTimes(cpu.id(), cpu.level()).add(nanos);
    }

    void countHold(Cpu cpu, ContextLevel takenAt, long nanos) {
        heldTimes(cpu.id(), takenAt).add(nanos);
    }

    /** Returns how many attempts of a CPU at a level ended in a way. */
    public long count(int cpu, ContextLevel level, LockOutcome outcome) {
        long sum = 0;
        for (LockEnd end : LockEnd.all()) {
            sum += end.outcome() == outcome ? count(cpu, level, end) : 0;
        }
        return sum;
    }

    /** Returns how many attempts of a CPU at a level ended in a way and at a place. */
    public long count(int cpu, ContextLevel level, LockEnd end) {
        return (long) COUNTERS.getOpaque(countersByCpu[cpu], base(level) + end.ordinal());
    }

    /** Returns how many attempts of all CPUs at a level ended in a way. */
    public long count(ContextLevel level, LockOutcome outcome) {
        long sum = 0;
        for (int cpu = 0; cpu < countersByCpu.length; cpu++) {
            sum += count(cpu, level, outcome);
        }
        return sum;
    }

    /** Returns how many attempts ended in a way. */
    public long count(LockOutcome outcome) {
        long sum = 0;
        for (var level : ContextLevel.values()) {
            sum += count(level, outcome);
        }
        return sum;
    }

    /** Returns how many attempts there were that ended. */
    public long attempts() {
        long sum = 0;
        for (var outcome : LockOutcome.values()) {
            sum += count(outcome);
        }
        return sum;
    }

    /**
     * Returns how many locks a CPU held at most when it had just taken this one at a level, this one included; 0 where
     * it never did.
     */
    public int deepestNesting(int cpu, ContextLevel level) {
        return (int) (long) COUNTERS.getOpaque(countersByCpu[cpu], base(level) + DEEPEST);
    }

    /** Returns the times that contended attempts of a CPU at a level waited, whether they succeeded or not. */
    public TimeHistogram waitTimes(int cpu, ContextLevel level) {
        return waitsByCpu[cpu * ContextLevel.count() + level.ordinal()];
    }

    /** Returns the times that contended attempts waited, as a sum over all CPUs at a level. */
    public TimeHistogram waitTimes(ContextLevel level) {
        var sum = new TimeHistogram();
        for (int cpu = 0; cpu < countersByCpu.length; cpu++) {
            sum.addAll(waitTimes(cpu, level));
        }
        return sum;
    }

    /**
     * Returns the times that a CPU held locks that it took at a level; counted where {@link LockStats} samples, and for
     * sampled acquisitions only.
     */
    public TimeHistogram heldTimes(int cpu, ContextLevel level) {
        return holdsByCpu[cpu * ContextLevel.count() + level.ordinal()];
    }

    @Override
    public String toString() {
        return identity.text();
    }
}
