package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.List;

/**
 * Limits of a run.
 *
 * @param preemptions how often a strand may be stopped that could go on
 * @param interrupts how many interrupts may land
 * @param levels the levels of interrupts that may land
 * @param steps after how many schedule points a run has failed to end
 * @param virtualNanos after how much virtual time a run has failed to end
 */
public record Limits(int preemptions, int interrupts, List<ContextLevel> levels, int steps, long virtualNanos) {
    private static final int DEFAULT_STEPS = 1_000_000;
    private static final long DEFAULT_VIRTUAL_NANOS = 20_000_000_000L;

    public Limits {
        levels = List.copyOf(levels);
    }

    /** Preemptions only. */
    public static Limits preemptions(int preemptions) {
        return new Limits(preemptions, 0, List.of(), DEFAULT_STEPS, DEFAULT_VIRTUAL_NANOS);
    }

    /** The same with interrupts. */
    public Limits withInterrupts(int count, ContextLevel... interruptLevels) {
        return new Limits(preemptions, count, List.of(interruptLevels), steps, virtualNanos);
    }
}
