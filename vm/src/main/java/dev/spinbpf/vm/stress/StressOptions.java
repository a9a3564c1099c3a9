package dev.spinbpf.vm.stress;

import java.time.Duration;

/**
 * The properties of a stress run.
 *
 * @param duration how long; {@link #FOREVER} until {@link StressDriver#stop}
 * @param nmiEvery mean time between two NMIs on a CPU; zero for none
 * @param hardirqEvery mean time between two timer interrupts on a CPU, besides those that land between a program's
 *     instructions where a program hooks them; zero for none
 * @param seed of the choice of moments at which interrupts land
 */
public record StressOptions(Duration duration, Duration nmiEvery, Duration hardirqEvery, long seed) {
    /** Until somebody stops it. */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    /** Five seconds, an NMI and a timer interrupt every millisecond. */
    public static final StressOptions DEFAULT =
            new StressOptions(Duration.ofSeconds(5), Duration.ofMillis(1), Duration.ofMillis(1), 1);

    public StressOptions withDuration(Duration value) {
        return new StressOptions(value, nmiEvery, hardirqEvery, seed);
    }

    public StressOptions withNmiEvery(Duration value) {
        return new StressOptions(duration, value, hardirqEvery, seed);
    }

    public StressOptions withHardirqEvery(Duration value) {
        return new StressOptions(duration, nmiEvery, value, seed);
    }

    public StressOptions withSeed(long value) {
        return new StressOptions(duration, nmiEvery, hardirqEvery, value);
    }
}
