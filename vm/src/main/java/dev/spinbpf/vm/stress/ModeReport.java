package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeHistogram;
import java.util.List;
import java.util.Map;

/**
 * The events of a stress run without programs, so far or in all.
 *
 * @param options how it was run
 * @param elapsedNanos how long it has gone on
 * @param realProcessors processors of the machine that emulates the CPUs
 * @param rows attempts by CPU and level; those without any are absent
 * @param locks what the locks' own statistics say
 * @param interrupts interrupts delivered, by level
 * @param violations how often something happened that must not
 * @param firstViolations the first of them in words
 * @param stuck threads that did not stop in time, and where they are
 */
public record ModeReport(
        ModeOptions options,
        long elapsedNanos,
        int realProcessors,
        List<Row> rows,
        List<LockRow> locks,
        Map<ContextLevel, Long> interrupts,
        long violations,
        List<String> firstViolations,
        List<String> stuck) {

    /**
     * One CPU's own count of its attempts at one level.
     *
     * @param lock the lock that it takes, or an empty string where it is not always the same
     * @param attempts attempts that began
     * @param acquired those that got the lock
     * @param deadlocks those that got {@code -EDEADLK}
     * @param timeouts those that got {@code -ETIMEDOUT}
     * @param latency how long attempts took, whether they got the lock or not
     */
    public record Row(
            int cpu,
            ContextLevel level,
            String lock,
            long attempts,
            long acquired,
            long deadlocks,
            long timeouts,
            TimeHistogram latency) {}

    /** Returns true where nothing happened that must not. */
    public boolean isGood() {
        return violations == 0 && stuck.isEmpty();
    }
}
