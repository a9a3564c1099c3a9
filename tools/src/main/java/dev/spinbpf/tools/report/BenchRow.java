package dev.spinbpf.tools.report;

import java.util.Arrays;

/**
 * The run times of one program.
 *
 * @param program its name
 * @param nanosPerRun nanoseconds per run of each sample, ascending; at least one
 * @param runsPerSample how many runs a sample is the average of
 * @param insns instructions of the last run
 * @param r0 result of the last run
 * @param returnsInt true if only the lower half of r0 is the result
 */
public record BenchRow(
        String program, double[] nanosPerRun, int runsPerSample, long insns, long r0, boolean returnsInt) {

    /** Sorts the samples. */
    public BenchRow {
        nanosPerRun = nanosPerRun.clone();
        Arrays.sort(nanosPerRun);
    }

    /** The fastest sample, in nanoseconds a run. */
    double bestNanos() {
        return nanosPerRun[0];
    }

    /** The sample in the middle: half of the others are faster. */
    double medianNanos() {
        return nanosPerRun[nanosPerRun.length / 2];
    }

    /** The sample that a quarter of the others is faster than. */
    double lowerQuartileNanos() {
        return nanosPerRun[nanosPerRun.length / 4];
    }

    /** The sample that a quarter of the others is slower than. */
    double upperQuartileNanos() {
        return nanosPerRun[nanosPerRun.length - 1 - nanosPerRun.length / 4];
    }

    /** The distance of the quartiles, as a part of the median: how far to trust it. */
    public double spread() {
        return (upperQuartileNanos() - lowerQuartileNanos()) / medianNanos();
    }

    /** The result as the program's caller sees it: an int is sign-extended. */
    public long result() {
        return returnsInt ? (int) r0 : r0;
    }
}
