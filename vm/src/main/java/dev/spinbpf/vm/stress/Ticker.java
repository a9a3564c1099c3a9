package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The clock of a stress run: one thread that makes paced events come on the CPUs, so that they land wherever a CPU
 * happens to be, inside a lock's slow path as well.
 *
 * <p>Turns are at times counted from when the clock starts, or the event is added, never from the turn before as it really came. A turn that is late comes
 * at once; of several that are late only one comes, and the others are reported as passed over.
 */
final class Ticker {
    private static final long LONGEST_SLEEP_NANOS = 10_000_000;

    private final Queue<Turn> added = new ConcurrentLinkedQueue<>();
    private final PriorityQueue<Turn> turns =
            new PriorityQueue<>((one, other) -> Long.signum(one.atNanos - other.atNanos));
    private final SplittableRandom random;
    private final List<Watched> watched = new CopyOnWriteArrayList<>();
    private volatile @Nullable Thread thread;
    private volatile long sleepsUntilNanos;

    /** @param random chooses the moments */
    Ticker(SplittableRandom random) {
        this.random = random;
    }

    /** Events that the clock makes. */
    @FunctionalInterface
    interface Event {
        /** Returns true where no more events are wanted. */
        default boolean isOver() {
            return false;
        }

        /**
         * An event comes on a CPU; called on the clock's thread.
         *
         * @param turns how many turns it stands for: 1, and those that were passed over because the clock was late
         */
        void come(Cpu cpu, long turns);
    }

    /** Something else that has moments of its own. */
    interface Watched {
        /**
         * Does what is due; called on the clock's thread.
         *
         * @return the moment at which to call again at the latest, on {@link System#nanoTime}
         */
        long look(long nowNanos);
    }

    /** Looks at this too from now on. */
    void watch(Watched other) {
        watched.add(other);
    }

    /** Reports a new moment of the thing that is watched; any thread may call it. */
    void movedTo(long atNanos) {
        if (atNanos - sleepsUntilNanos < 0) {
            LockSupport.unpark(thread);
        }
    }

    /** The next turn of an event, on one CPU or on all that it has. */
    private static final class Turn {
        private final Event event;
        private final Pacing pacing;
        private final List<Cpu> cpus;
        private final SplittableRandom moments;
        private long atNanos;

        Turn(Event event, Pacing pacing, List<Cpu> cpus, SplittableRandom moments) {
            this.event = event;
            this.pacing = pacing;
            this.cpus = cpus;
            this.moments = moments;
        }

        void begin(long nowNanos) {
            atNanos = nowNanos + distance();
        }

        private long distance() {
            long mean = pacing.meanNanos();
            return pacing instanceof Pacing.Rate ? mean / 2 + moments.nextLong(mean) + (mean & 1) : mean;
        }

        void come(long nowNanos) {
            long passed = Math.max(0, (nowNanos - atNanos) / pacing.meanNanos());
            cpus.forEach(cpu -> event.come(cpu, 1 + passed));
            atNanos += passed * pacing.meanNanos() + distance();
        }
    }

    /** Makes an event come from now on; any thread may call it. Nothing where its pacing has no events. */
    void add(Event event, Pacing pacing, List<Cpu> cpus) {
        if (pacing.meanNanos() == 0) {
            return;
        }
        if (pacing instanceof Pacing.Period) {
            added.add(new Turn(event, pacing, cpus, random));
            return;
        }
        for (Cpu cpu : cpus) {
            SplittableRandom moments;
            synchronized (random) {
                moments = random.split();
            }
            added.add(new Turn(event, pacing, List.of(cpu), moments));
        }
    }

    /** Makes events until it is to stop. */
    void run(BooleanSupplier stopping) {
        thread = Thread.currentThread();
        while (!stopping.getAsBoolean()) {
            for (Turn turn = added.poll(); turn != null; turn = added.poll()) {
                turn.begin(System.nanoTime());
                turns.add(turn);
            }
            long nowNanos = System.nanoTime();
            Turn next = turns.peek();
            long untilTurn = next == null ? LONGEST_SLEEP_NANOS : next.atNanos - nowNanos;
            long wait = lookAtOthers(nowNanos, Math.min(untilTurn, LONGEST_SLEEP_NANOS));
            if (next == null || untilTurn > 0) {
                LockSupport.parkNanos(wait);
            } else {
                turns.remove(next);
                comeOnce(next, nowNanos);
            }
        }
    }

    /** Returns the time until the next moment, that of what is watched or the one given. */
    private long lookAtOthers(long nowNanos, long untilTurn) {
        long wait = untilTurn;
        sleepsUntilNanos = nowNanos + wait;
        for (Watched other : watched) {
            wait = Math.min(wait, other.look(nowNanos) - nowNanos);
        }
        sleepsUntilNanos = nowNanos + wait;
        return Math.max(0, wait);
    }

    private void comeOnce(Turn turn, long nowNanos) {
        if (!turn.event.isOver()) {
            turn.come(nowNanos);
            turns.add(turn);
        }
    }
}
