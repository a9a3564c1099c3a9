package dev.spinbpf.maps.cpu;

/** Time that passes only when it is told to. */
public final class VirtualClock implements Clock {
    private volatile long nanos;

    public VirtualClock(long startNanos) {
        nanos = startNanos;
    }

    @Override
    public long nanoTime() {
        return nanos;
    }

    /** Lets time pass until then. */
    @Override
    public void await(long untilNanos) {
        advanceTo(untilNanos);
    }

    /** Lets {@code byNanos} nanoseconds pass. */
    public synchronized void advance(long byNanos) {
        if (byNanos < 0) {
            throw new IllegalArgumentException("time cannot run backwards by " + byNanos + " ns");
        }
        nanos += byNanos;
    }

    /** Lets time pass until {@code untilNanos}, unless it is later already. */
    public synchronized void advanceTo(long untilNanos) {
        nanos = Math.max(nanos, untilNanos);
    }
}
