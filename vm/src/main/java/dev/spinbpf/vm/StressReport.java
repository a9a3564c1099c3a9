package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.vm.exec.Fault;
import java.util.List;
import java.util.Map;

/**
 * What happened in a stress run, so far or in all.
 *
 * @param elapsedNanos how long it has gone on
 * @param cpus emulated CPUs
 * @param realProcessors processors of the machine that emulates them
 * @param seed the seed it was run with
 * @param programs one row for each attached program
 * @param locks one row for each lock that anybody tried to take: locks of programs, and locks inside maps by map
 * @param interrupts interrupts delivered, by level
 * @param faults the first faults, at most {@link #MAX_FAULTS}
 * @param stuckCpus CPUs that did not stop in time, and why not
 */
public record StressReport(
        long elapsedNanos,
        int cpus,
        int realProcessors,
        long seed,
        List<ProgramRow> programs,
        List<LockRow> locks,
        Map<ContextLevel, Long> interrupts,
        List<Fault> faults,
        List<String> stuckCpus) {

    /** Most faults that are kept. */
    public static final int MAX_FAULTS = 10;

    /**
     * A program.
     *
     * @param name its name
     * @param section its section
     * @param type its kind, as bpftool prints it
     * @param hook where it is attached
     * @param runs runs by the level at which they ran; levels without any event are absent
     * @param results how often each value of r0 (its lower half) came
     * @param otherResults how often a value came that is not in {@code results}
     * @param insns instructions executed
     */
    public record ProgramRow(
            String name,
            String section,
            String type,
            String hook,
            Map<ContextLevel, Runs> runs,
            Map<Long, Long> results,
            long otherResults,
            long insns) {}

    /**
     * Runs at a level.
     *
     * @param ended runs that ended with a result
     * @param misses runs that a recursion guard prevented
     * @param faults runs that were stopped by a fault
     */
    public record Runs(long ended, long misses, long faults) {}

    /**
     * A lock, or the locks inside a map.
     *
     * @param name its name: a global variable, map element and member, or map and kind of lock
     * @param internal whether the runtime takes it for itself, inside a map
     * @param contexts attempts by the level at which they were made; levels without any are absent
     */
    public record LockRow(String name, boolean internal, Map<ContextLevel, Attempts> contexts) {}

    /**
     * Attempts to take a lock, at a level.
     *
     * @param outcomes how many ended in which way; ways that did not occur are absent
     * @param waits a histogram of how long contended attempts waited, shortest first
     * @param totalWaitNanos sum of all waits
     * @param maxWaitNanos the longest wait
     * @param p50WaitNanos half of the waits were not longer
     * @param p99WaitNanos 99 of 100 waits were not longer
     */
    public record Attempts(
            Map<LockOutcome, Long> outcomes,
            List<WaitBucket> waits,
            long totalWaitNanos,
            long maxWaitNanos,
            long p50WaitNanos,
            long p99WaitNanos) {

        /** Attempts that took the lock. */
        public long acquired() {
            return outcomes.entrySet().stream()
                    .filter(entry -> entry.getKey().isAcquired())
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        /**
         * The waits in fewer buckets: how many were shorter than each bound and not than the one before, and at last how
         * many were longer. A bucket counts where all of it fits.
         *
         * @param boundsNanos bounds, ascending
         */
        public long[] waitsBelow(long... boundsNanos) {
            long[] counts = new long[boundsNanos.length + 1];
            for (WaitBucket bucket : waits) {
                int at = 0;
                while (at < boundsNanos.length && bucket.upperBoundNanos() > boundsNanos[at]) {
                    at++;
                }
                counts[at] += bucket.count();
            }
            return counts;
        }

        /** How many ended in a way. */
        public long count(LockOutcome outcome) {
            return outcomes.getOrDefault(outcome, 0L);
        }
    }

    /** Waits that were shorter than the bound, and not shorter than the bound of the bucket before. */
    public record WaitBucket(long upperBoundNanos, long count) {}
}
