package dev.spinbpf.maps.sched;

import java.util.List;

/**
 * The moment to which virtual time jumps when no strand can go on.
 *
 * @param toNanos the moment; {@link Long#MAX_VALUE} where nobody is left to see it
 * @param isTick whether those that wait look again then, and not only a sleeper goes on
 */
record TimeJump(long toNanos, boolean isTick) {
    /**
     * Returns the jump to the next sleeper's time, or by a tick. Where looks were all in vain, it goes over as many ticks
     * as there are to the end of the first wait that ends by itself: looks in between would be in vain as well.
     *
     * @param looks whether the looks of the next tick may see something
     * @param lastNanos the end of the run
     */
    static TimeJump of(List<Strand> strands, long nowNanos, boolean looks, long lastNanos) {
        long wake = Long.MAX_VALUE;
        long limit = lastNanos;
        boolean anyWaiting = false;
        for (Strand strand : strands) {
            wake = Math.min(wake, strand.wakeNanos());
            if (strand.isWaiting()) {
                anyWaiting = true;
                limit = Math.min(limit, strand.limitNanos());
            }
        }
        if (!anyWaiting) {
            return new TimeJump(wake, false);
        }
        long ticks = looks ? 1 : Math.max(1, Math.floorDiv(limit - nowNanos, Simulation.TICK_NANOS) + 1);
        long tick = nowNanos + ticks * Simulation.TICK_NANOS;
        return new TimeJump(Math.min(wake, tick), tick <= wake);
    }
}
