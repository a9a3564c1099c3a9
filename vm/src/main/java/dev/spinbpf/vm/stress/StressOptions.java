package dev.spinbpf.vm.stress;

import java.time.Duration;

/**
 * The properties of a stress run.
 *
 * @param duration how long; {@link #FOREVER} until {@link StressDriver#stop}
 * @param nmis NMIs on each CPU; they run what is attached at their level without pacing of its own
 * @param hardirqs timer interrupts on each CPU, in the same way, besides those that land between a program's
 *     instructions where a program hooks them
 * @param packets what arrives
 * @param seed of the choice of packets and of the moments at which interrupts land
 */
public record StressOptions(Duration duration, Pacing nmis, Pacing hardirqs, Packets packets, long seed) {
    /** Until somebody stops it. */
    public static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    /** Mean time between two interrupts. */
    public static final Duration USUAL_INTERVAL = Duration.ofMillis(1);

    /** Five seconds, an NMI and a timer interrupt every millisecond. */
    public static final StressOptions DEFAULT = new StressOptions(
            Duration.ofSeconds(5), Pacing.every(USUAL_INTERVAL), Pacing.every(USUAL_INTERVAL), Packets.DEFAULT, 1);

    public StressOptions withDuration(Duration value) {
        return new StressOptions(value, nmis, hardirqs, packets, seed);
    }

    public StressOptions withSeed(long value) {
        return new StressOptions(duration, nmis, hardirqs, packets, value);
    }
}
