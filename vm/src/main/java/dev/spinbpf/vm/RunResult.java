package dev.spinbpf.vm;

import dev.spinbpf.vm.exec.Fault;
import org.jspecify.annotations.Nullable;

/**
 * The result of running a program one or more times.
 *
 * @param r0 result of the last run: of programs that return an int, its lower half
 * @param runs how many runs ended
 * @param totalNanos how long all runs took together
 * @param insns instructions that the last run executed
 * @param fault why the last run was stopped, or null
 * @param packet the packet after the last run, or null where the program has none
 */
public record RunResult(
        long r0,
        int runs,
        long totalNanos,
        long insns,
        @Nullable Fault fault,
        byte @Nullable [] packet) {

    /** Nanoseconds a run took on the average. */
    public double nanosPerRun() {
        return runs == 0 ? 0 : (double) totalNanos / runs;
    }
}
