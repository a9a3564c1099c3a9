package dev.spinbpf.vm.stress;

import java.time.Duration;

/**
 * The frequency of an event on each CPU.
 *
 * <p>A period and a rate are kept against the clock from the start of the run, so that an event that comes late does not
 * shift those after it. An event whose turn comes while the one before it still waits for its CPU (it is masked, or the
 * CPU's thread is not running) is lost, as interrupts merge; lost events are counted and never made up for by a burst.
 */
public sealed interface Pacing {
    /** As often as the CPU gets to it. */
    record Unpaced() implements Pacing {
        /** The only one. */
        public static final Unpaced INSTANCE = new Unpaced();
    }

    /**
     * On average this often, at moments that the seed chooses: from one event to the next it takes between half and one
     * and a half of the mean. Each CPU has its own moments.
     *
     * @param events how many; 0 for none
     * @param perNanos in this time, in nanoseconds, more than 0
     */
    record Rate(long events, long perNanos) implements Pacing {
        /** No events. */
        public static final Rate NEVER = new Rate(0, 1_000_000_000);

        /** Checks the numbers. */
        public Rate {
            if (events < 0 || perNanos <= 0) {
                throw new IllegalArgumentException(events + " events in " + perNanos + " ns");
            }
        }
    }

    /**
     * At equal distances, on all CPUs at the same moments.
     *
     * @param nanos from one event to the next, in nanoseconds, more than 0
     */
    record Period(long nanos) implements Pacing {
        /** Checks the number. */
        public Period {
            if (nanos <= 0) {
                throw new IllegalArgumentException("an event every " + nanos + " ns");
            }
        }
    }

    /** One event in this time on average; none where it is zero. */
    static Pacing every(Duration mean) {
        return mean.isZero() ? Rate.NEVER : new Rate(1, mean.toNanos());
    }

    /** Returns true where events come by the clock. */
    default boolean isPaced() {
        return !(this instanceof Unpaced);
    }

    /** Returns the mean time between two events in nanoseconds, 1 at least; 0 where there are none, or without pacing. */
    default long meanNanos() {
        return switch (this) {
            case Unpaced _ -> 0;
            case Rate rate -> rate.events == 0 ? 0 : Math.max(1, rate.perNanos / rate.events);
            case Period period -> period.nanos;
        };
    }
}
