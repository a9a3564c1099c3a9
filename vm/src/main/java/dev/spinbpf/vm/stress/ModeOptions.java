package dev.spinbpf.vm.stress;

import java.time.Duration;
import java.util.function.Consumer;

/**
 * The properties of a stress run without programs.
 *
 * @param mode what to do
 * @param algorithm the resilient locks' algorithm
 * @param cpus emulated CPUs
 * @param duration how long
 * @param normalDelay length of a critical section outside NMIs; in {@link StressMode#TORTURE} the mean
 * @param nmiDelay length of a critical section in an NMI; in {@link StressMode#TORTURE} the mean
 * @param nmis NMIs on each CPU
 * @param hardirqs hard interrupts and, as often, soft ones on each CPU, in {@link StressMode#TORTURE}
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
        Pacing nmis,
        Pacing hardirqs,
        int locks,
        int heldTimesInterval,
        long seed)
        implements WorkloadSpec {

    /** Enough that a CPU can hold more than its table of held locks records. */
    public static final int DEFAULT_LOCKS = 48;

    /**
     * The kernel module's delays, 20 ms and 10 ms, with an NMI to each critical section; a thousandth of them for
     * torture. Four CPUs, five seconds.
     */
    public static ModeOptions of(StressMode mode) {
        return new Builder(mode).build();
    }

    public ModeOptions withAlgorithm(LockChoice value) {
        return with(to -> to.algorithm = value);
    }

    public ModeOptions withCpus(int value) {
        return with(to -> to.cpus = value);
    }

    @Override
    public ModeOptions withDuration(Duration value) {
        return with(to -> to.duration = value);
    }

    public ModeOptions withDelays(Duration normal, Duration nmi) {
        return with(to -> {
            to.normalDelay = normal;
            to.nmiDelay = nmi;
        });
    }

    /** With interrupts at random moments, in these mean times; none where one is zero. */
    public ModeOptions withInterruptsEvery(Duration nmi, Duration hardirq) {
        return withInterrupts(Pacing.every(nmi), Pacing.every(hardirq));
    }

    public ModeOptions withInterrupts(Pacing nmis, Pacing hardirqs) {
        return with(to -> {
            to.nmis = nmis;
            to.hardirqs = hardirqs;
        });
    }

    public ModeOptions withLocks(int value) {
        return with(to -> to.locks = value);
    }

    public ModeOptions withHeldTimesInterval(int value) {
        return with(to -> to.heldTimesInterval = value);
    }

    @Override
    public ModeOptions withSeed(long value) {
        return with(to -> to.seed = value);
    }

    private ModeOptions with(Consumer<Builder> change) {
        Builder to = new Builder(this);
        change.accept(to);
        return to.build();
    }

    /** Options that are being put together: by name rather than by position. */
    private static final class Builder {
        private final StressMode mode;
        private LockChoice algorithm;
        private int cpus = 4;
        private Duration duration = Duration.ofSeconds(5);
        private Duration normalDelay;
        private Duration nmiDelay;
        private Pacing nmis;
        private Pacing hardirqs = Pacing.every(Duration.ofMillis(1));
        private int locks = DEFAULT_LOCKS;
        private int heldTimesInterval;
        private long seed = 1;

        /** The defaults of a mode. */
        Builder(StressMode mode) {
            boolean torture = mode == StressMode.TORTURE;
            this.mode = mode;
            algorithm = torture ? LockChoice.BOTH : LockChoice.QUEUED;
            normalDelay = torture ? Duration.ofNanos(20_000) : Duration.ofMillis(20);
            nmiDelay = torture ? Duration.ofNanos(10_000) : Duration.ofMillis(10);
            nmis = Pacing.every(torture ? Duration.ofMillis(1) : Duration.ofMillis(20));
        }

        /** The options as they are. */
        Builder(ModeOptions from) {
            mode = from.mode;
            algorithm = from.algorithm;
            cpus = from.cpus;
            duration = from.duration;
            normalDelay = from.normalDelay;
            nmiDelay = from.nmiDelay;
            nmis = from.nmis;
            hardirqs = from.hardirqs;
            locks = from.locks;
            heldTimesInterval = from.heldTimesInterval;
            seed = from.seed;
        }

        ModeOptions build() {
            return new ModeOptions(
                    mode,
                    algorithm,
                    cpus,
                    duration,
                    normalDelay,
                    nmiDelay,
                    nmis,
                    hardirqs,
                    locks,
                    heldTimesInterval,
                    seed);
        }
    }
}
