package dev.spinbpf.vm.stress;

import java.time.Duration;

/**
 * How to stress locks without programs.
 *
 * @param mode what to do
 * @param algorithm the resilient locks' algorithm
 * @param cpus emulated CPUs
 * @param duration how long
 * @param normalDelay length of a critical section outside NMIs; in {@link StressMode#TORTURE} the mean
 * @param nmiDelay length of a critical section in an NMI; in {@link StressMode#TORTURE} the mean
 * @param nmiEvery mean time between two NMIs on a CPU; zero for none
 * @param hardirqEvery mean time between two hard interrupts on a CPU, in {@link StressMode#TORTURE}; zero for none
 * @param locks how many resilient locks, in {@link StressMode#TORTURE}
 * @param heldTimesInterval of how many acquisitions, on average, one is timed until its release; 0 for none
 * @param seed of random choices
 */
public record ModeOptions(
        StressMode mode,
        LockChoice algorithm,
        int cpus,
        Duration duration,
        Duration normalDelay,
        Duration nmiDelay,
        Duration nmiEvery,
        Duration hardirqEvery,
        int locks,
        int heldTimesInterval,
        long seed) {

    /** Enough that a CPU can hold more than its table of held locks records. */
    public static final int DEFAULT_LOCKS = 48;

    /**
     * The kernel module's delays, 20 ms and 10 ms, with an NMI to each critical section; a thousandth of them for torture. Four CPUs,
     * five seconds.
     */
    public static ModeOptions of(StressMode mode) {
        boolean torture = mode == StressMode.TORTURE;
        return new ModeOptions(
                mode,
                torture ? LockChoice.BOTH : LockChoice.QUEUED,
                4,
                Duration.ofSeconds(5),
                torture ? Duration.ofNanos(20_000) : Duration.ofMillis(20),
                torture ? Duration.ofNanos(10_000) : Duration.ofMillis(10),
                torture ? Duration.ofMillis(1) : Duration.ofMillis(20),
                Duration.ofMillis(1),
                DEFAULT_LOCKS,
                0,
                1);
    }

    public ModeOptions withAlgorithm(LockChoice value) {
        return new ModeOptions(
                mode,
                value,
                cpus,
                duration,
                normalDelay,
                nmiDelay,
                nmiEvery,
                hardirqEvery,
                locks,
                heldTimesInterval,
                seed);
    }

    public ModeOptions withCpus(int value) {
        return new ModeOptions(
                mode,
                algorithm,
                value,
                duration,
                normalDelay,
                nmiDelay,
                nmiEvery,
                hardirqEvery,
                locks,
                heldTimesInterval,
                seed);
    }

    public ModeOptions withDuration(Duration value) {
        return new ModeOptions(
                mode,
                algorithm,
                cpus,
                value,
                normalDelay,
                nmiDelay,
                nmiEvery,
                hardirqEvery,
                locks,
                heldTimesInterval,
                seed);
    }

    public ModeOptions withDelays(Duration normal, Duration nmi) {
        return new ModeOptions(
                mode, algorithm, cpus, duration, normal, nmi, nmiEvery, hardirqEvery, locks, heldTimesInterval, seed);
    }

    public ModeOptions withInterruptsEvery(Duration nmi, Duration hardirq) {
        return new ModeOptions(
                mode, algorithm, cpus, duration, normalDelay, nmiDelay, nmi, hardirq, locks, heldTimesInterval, seed);
    }

    public ModeOptions withLocks(int value) {
        return new ModeOptions(
                mode,
                algorithm,
                cpus,
                duration,
                normalDelay,
                nmiDelay,
                nmiEvery,
                hardirqEvery,
                value,
                heldTimesInterval,
                seed);
    }

    public ModeOptions withHeldTimesInterval(int value) {
        return new ModeOptions(
                mode, algorithm, cpus, duration, normalDelay, nmiDelay, nmiEvery, hardirqEvery, locks, value, seed);
    }

    public ModeOptions withSeed(long value) {
        return new ModeOptions(
                mode,
                algorithm,
                cpus,
                duration,
                normalDelay,
                nmiDelay,
                nmiEvery,
                hardirqEvery,
                locks,
                heldTimesInterval,
                value);
    }
}
