package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Locks taken at random: any order, nested up to a few deep and now and then deeper than the table of held locks, in
 * all contexts, with random delays, resilient locks among ordinary ones.
 *
 * <p>It must end although nothing is ordered, and so keeps to what Linux itself relies on:
 *
 * <ul>
 *   <li>Interrupts are disabled while somebody waits for a resilient lock, as Linux does wherever it takes one. A
 *       waiter in the queue is then interrupted by NMIs alone, which do not queue on top of it. Otherwise two heads of
 *       queues could be interrupted by waiters for each other's lock, and nobody would look at the clock. Once the lock
 *       is taken, interrupts are enabled again half of the time, so that they land on its holder.
 *   <li>A ring of waiters ends as long as one of them is resilient, because that one fails. An <em>outer</em> ordinary
 *       lock may be held while others are waited for, and is part of such rings; two of them are taken in order, so
 *       that no ring has only ordinary locks. A <em>leaf</em> is taken in interrupts too, and nothing is waited for
 *       under it.
 *   <li>NMIs take no ordinary lock.
 * </ul>
 */
final class TortureWorkload extends Workload {
    /** Number of ordinary locks of each kind. */
    static final int ORDINARY = 2;

    private static final int USUAL_DEPTH = 4;
    private static final int NMI_DEPTH = 2;
    private static final int DEEP_ONE_IN = 512;
    private static final int DEEP = 36;
    private static final int HOT_LOCKS = 4;

    private final int resilient;
    private final long normalNanos;
    private final long nmiNanos;
    private final SplittableRandom[] randoms;

    /** @param locks the resilient ones, then {@link #ORDINARY} outer ones, then as many leaves */
    TortureWorkload(Cpus cpus, List<GuardedLock> locks, ModeOptions options, BooleanSupplier stopping) {
        super(cpus, locks, stopping);
        resilient = options.locks();
        normalNanos = options.normalDelay().toNanos();
        nmiNanos = options.nmiDelay().toNanos();
        SplittableRandom seeds = new SplittableRandom(options.seed());
        randoms =
                IntStream.range(0, cpus.count()).mapToObj(cpu -> seeds.split()).toArray(SplittableRandom[]::new);
    }

    @Override
    String lockName(int cpu, ContextLevel level) {
        return "";
    }

    @Override
    void task(Cpu cpu) {
        SplittableRandom random = randoms[cpu.id()];
        int depth = random.nextInt(DEEP_ONE_IN) == 0 ? DEEP : 1 + random.nextInt(USUAL_DEPTH);
        nest(cpu, depth, null, 0);
        pause(cpu, delay(cpu) / 2);
    }

    @Override
    void interrupt(Cpu cpu) {
        nest(cpu, 1 + randoms[cpu.id()].nextInt(cpu.inNmi() ? NMI_DEPTH : USUAL_DEPTH), null, ORDINARY);
    }

    /** Mostly short, now and then long: the mean is the one asked for. */
    private long delay(Cpu cpu) {
        long mean = cpu.inNmi() ? nmiNanos : normalNanos;
        SplittableRandom random = randoms[cpu.id()];
        return random.nextInt(8) == 0 ? random.nextLong(8 * mean + 1) : random.nextLong(mean + 1);
    }

    /**
     * Takes a lock, and under it others.
     *
     * @param depth how many to nest
     * @param below the lock taken last at this level, or null
     * @param firstOuter the first outer ordinary lock that may still be taken
     */
    private void nest(Cpu cpu, int depth, @Nullable GuardedLock below, int firstOuter) {
        SplittableRandom random = randoms[cpu.id()];
        if (depth > USUAL_DEPTH) {
            int next = below == null ? random.nextInt(resilient) : (below.index() + 1) % resilient;
            holdResilient(cpu, locks().get(next), depth, below, firstOuter);
            return;
        }
        int choice = random.nextInt(16);
        if (choice == 0 && !cpu.inNmi()) {
            holdLeaf(cpu, locks().get(resilient + ORDINARY + random.nextInt(ORDINARY)), below);
        } else if (choice == 1 && firstOuter < ORDINARY) {
            int outer = firstOuter + random.nextInt(ORDINARY - firstOuter);
            long flags = cpu.irqSave();
            holdAndNest(cpu, locks().get(resilient + outer), depth, below, outer + 1);
            cpu.irqRestore(flags);
        } else {
            holdResilient(cpu, locks().get(pick(random)), depth, below, firstOuter);
        }
    }

    /** Half of the time one of a few. */
    private int pick(SplittableRandom random) {
        return random.nextInt(random.nextBoolean() ? Math.min(HOT_LOCKS, resilient) : resilient);
    }

    private void holdLeaf(Cpu cpu, GuardedLock leaf, @Nullable GuardedLock below) {
        long flags = cpu.irqSave();
        take(cpu, leaf);
        if (below != null) {
            leaf.takeFrom(below, 1);
        }
        give(cpu, leaf);
        cpu.irqRestore(flags);
    }

    private void holdResilient(Cpu cpu, GuardedLock lock, int depth, @Nullable GuardedLock below, int firstOuter) {
        long flags = cpu.irqSave();
        if (!take(cpu, lock)) {
            cpu.irqRestore(flags);
            return;
        }
        boolean masked = randoms[cpu.id()].nextBoolean();
        if (!masked) {
            cpu.irqRestore(flags);
        }
        underLock(cpu, lock, depth, below, firstOuter);
        give(cpu, lock);
        if (masked) {
            cpu.irqRestore(flags);
        }
    }

    private void holdAndNest(Cpu cpu, GuardedLock ordinary, int depth, @Nullable GuardedLock below, int firstOuter) {
        take(cpu, ordinary);
        underLock(cpu, ordinary, depth, below, firstOuter);
        give(cpu, ordinary);
    }

    private void underLock(Cpu cpu, GuardedLock lock, int depth, @Nullable GuardedLock below, int firstOuter) {
        if (below != null) {
            lock.takeFrom(below, 1 + randoms[cpu.id()].nextInt(100));
        }
        boolean deep = depth > USUAL_DEPTH;
        pause(cpu, deep ? 0 : delay(cpu));
        if (depth > 1) {
            nest(cpu, depth - 1, lock, firstOuter);
        }
    }
}
