package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.cpu.DeadlockListener.StuckCpu;
import dev.spinbpf.maps.cpu.LockWaits;
import dev.spinbpf.maps.cpu.LockWaits.Wait;
import dev.spinbpf.maps.sync.SchedulePoint;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds CPUs that wait for each other in a ring and never give up: a deadlock that Linux does not survive either.
 *
 * <p>A CPU does nothing of its own while it waits, so what it waits for is all that matters: the last of its waits.
 *
 * <ul>
 *   <li>A wait without limit is for each CPU that holds the lock, in whatever context, and for each that began to wait
 *       for it earlier: Linux serves waiters in order, also those that an interrupt keeps from taking the lock. Both
 *       may be the waiter's own CPU, in a context below.
 *   <li>A waiter in the queue of a resilient lock waits for the CPU of the waiter before it, until that has told it
 *       something: it may know that and not have gone on yet.
 *   <li>Any other waiter of a resilient lock gives up in time, so that a ring through it opens.
 * </ul>
 *
 * <p>The waits of a ring are looked at again when it is complete. If all of them still go on, there was a moment at
 * which all went on at once, and nothing that was read of these CPUs in between can have changed: the ring is real.
 */
final class WaitRing {
    private static final long BETWEEN_LOOKS_NANOS = 1_000_000;
    private static final int TURNS_BEFORE_FIRST_LOOK = 64;
    private static final int TURNS_BETWEEN_CLOCKS = 8;
    private static final int SPARSE_TURNS = 128;
    private static final int MOST_CPUS = 64;

    private final Cpus cpus;
    private final boolean inOrder;
    private final @Nullable Wait[] waits;
    private final boolean[] seen;
    private final List<StuckCpu> path = new ArrayList<>();

    private WaitRing(Cpus cpus, boolean inOrder) {
        this.cpus = cpus;
        this.inOrder = inOrder;
        waits = new @Nullable Wait[cpus.count()];
        seen = new boolean[cpus.count()];
    }

    /** The looks of one wait that has no limit. */
    static final class Watch {
        private long lastLookNanos;

        /**
         * Looks for a ring if it is time to: once after a moment, then each millisecond.
         *
         * @param turns how many times the loop has waited
         * @throws DeadlockException where the machine has a ring; then none of its waits has an end
         */
        void turn(Cpu cpu, int turns) {
            if (cpu.cpus().isDeadlocked()) {
                throw new DeadlockException();
            }
            if (turns < TURNS_BEFORE_FIRST_LOOK
                    || turns < SPARSE_TURNS && turns % TURNS_BETWEEN_CLOCKS != 0
                    || SchedulePoint.isSimulated()) {
                return;
            }
            long now = cpu.nanoTime();
            if (turns > TURNS_BEFORE_FIRST_LOOK && now - lastLookNanos < BETWEEN_LOOKS_NANOS) {
                return;
            }
            lastLookNanos = now;
            List<StuckCpu> ring = from(cpu);
            if (!ring.isEmpty() && cpu.cpus().deadlocked(ring)) {
                throw new DeadlockException();
            }
        }
    }

    /**
     * Returns a ring that a CPU belongs to or waits for; empty where there is none. One in which each waits for a holder
     * is preferred to one in which some only come later than others.
     */
    static List<StuckCpu> from(Cpu cpu) {
        List<StuckCpu> ofHolders = new WaitRing(cpu.cpus(), false).search(cpu);
        return ofHolders.isEmpty() ? new WaitRing(cpu.cpus(), true).search(cpu) : ofHolders;
    }

    private List<StuckCpu> search(Cpu start) {
        Cpu again = firstTwice(start);
        if (again == null) {
            return List.of();
        }
        List<StuckCpu> ring = path.subList(placeOnPath(again), path.size());
        return stillWait(ring) ? ring : List.of();
    }

    /** Walks on from a CPU; returns the first that is met a second time on one way, or null. */
    private @Nullable Cpu firstTwice(Cpu from) {
        Wait wait = waitOf(from);
        if (wait == null || seen[from.id()] || path.size() == MOST_CPUS) {
            return null;
        }
        seen[from.id()] = true;
        path.add(new StuckCpu(from, wait));
        for (Cpu next : cpus.all()) {
            if (isFor(from, wait, next)) {
                Cpu twice = placeOnPath(next) >= 0 ? next : firstTwice(next);
                if (twice != null) {
                    return twice;
                }
            }
        }
        path.removeLast();
        return null;
    }

    private int placeOnPath(Cpu cpu) {
        for (int i = 0; i < path.size(); i++) {
            if (path.get(i).cpu().id() == cpu.id()) {
                return i;
            }
        }
        return -1;
    }

    private @Nullable Wait waitOf(Cpu cpu) {
        Wait known = waits[cpu.id()];
        if (known == null) {
            known = cpu.lockWaits().innermost();
            waits[cpu.id()] = known;
        }
        return known;
    }

    /** Returns true where a wait cannot end before another CPU, or the same one in a context below, goes on. */
    private boolean isFor(Cpu waiter, Wait wait, Cpu other) {
        if (wait.kind() == LockWaits.Kind.LIMITED || waitOf(other) == null) {
            return false;
        }
        if (wait.kind() == LockWaits.Kind.BEHIND) {
            return wait.behindCpu() == other.id();
        }
        return other.holdsSpinLock(wait.lock()) || inOrder && waitsEarlier(waiter, wait, other);
    }

    private static boolean waitsEarlier(Cpu waiter, Wait wait, Cpu other) {
        boolean same = waiter.id() == other.id();
        for (Wait each : other.lockWaits().all()) {
            boolean earlier = same ? each.index() < wait.index() : each.sinceNanos() - wait.sinceNanos() < 0;
            if (earlier && each.lock() == wait.lock()) {
                return true;
            }
        }
        return false;
    }

    private static boolean stillWait(List<StuckCpu> ring) {
        for (StuckCpu each : ring) {
            Wait wait = each.waiting();
            boolean told = wait.kind() == LockWaits.Kind.BEHIND && !RqSpinLock.isUntold(each.cpu(), wait.node());
            if (told || !each.cpu().lockWaits().isInnermost(wait)) {
                return false;
            }
        }
        return true;
    }
}
