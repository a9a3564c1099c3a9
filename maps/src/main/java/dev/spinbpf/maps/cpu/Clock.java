package dev.spinbpf.maps.cpu;

import java.util.concurrent.locks.LockSupport;

/** Monotonic time, as {@code ktime_get_mono_fast_ns} gives it to the kernel. */
public interface Clock {
    /** The machine's own clock. */
    Clock REAL = System::nanoTime;

    /** The longest time that {@link #await} waits, in nanoseconds. */
    long LONGEST_WAIT_NANOS = 10_000_000;

    /** Nanoseconds since some fixed moment. */
    long nanoTime();

    /** Waits for a moment; may return before. */
    default void await(long untilNanos) {
        LockSupport.parkNanos(Math.min(untilNanos - nanoTime(), LONGEST_WAIT_NANOS));
    }
}
