package dev.spinbpf.maps.cpu;

/** Monotonic time, as {@code ktime_get_mono_fast_ns} gives it to the kernel. */
public interface Clock {
    /** The machine's own clock. */
    Clock REAL = System::nanoTime;

    /** Nanoseconds since some fixed moment. */
    long nanoTime();
}
