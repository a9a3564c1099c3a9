package dev.spinbpf.maps.lock;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A histogram of times, in nanoseconds, as it was at a moment.
 *
 * @param buckets those that are not empty, shortest times first
 * @param totalNanos sum of all times
 * @param maxNanos the longest
 * @param p50Nanos half of them were not longer
 * @param p99Nanos 99 of 100 were not longer
 */
public record WaitTimes(List<Bucket> buckets, long totalNanos, long maxNanos, long p50Nanos, long p99Nanos) {
    private static final WaitTimes NONE = new WaitTimes(List.of(), 0, 0, 0, 0);

    /** WaitTimes that were shorter than the bound, and not shorter than the bound of the bucket before. */
    public record Bucket(long upperBoundNanos, long count) {}

    /** What a histogram says now. */
    public static WaitTimes of(TimeHistogram histogram) {
        if (histogram.isEmpty()) {
            return NONE;
        }
        List<Bucket> buckets = new ArrayList<>();
        histogram.forEachBucket((bound, count) -> buckets.add(new Bucket(bound, count)));
        return new WaitTimes(
                List.copyOf(buckets),
                histogram.totalNanos(),
                histogram.maxNanos(),
                histogram.percentileNanos(50),
                histogram.percentileNanos(99));
    }

    /** These and others together. */
    WaitTimes plus(WaitTimes other) {
        TreeMap<Long, Long> counts = new TreeMap<>();
        buckets.forEach(bucket -> counts.merge(bucket.upperBoundNanos, bucket.count, Long::sum));
        other.buckets.forEach(bucket -> counts.merge(bucket.upperBoundNanos, bucket.count, Long::sum));
        List<Bucket> sum = new ArrayList<>();
        counts.forEach((bound, count) -> sum.add(new Bucket(bound, count)));
        long longest = Math.max(maxNanos, other.maxNanos);
        return new WaitTimes(
                List.copyOf(sum),
                totalNanos + other.totalNanos,
                longest,
                Math.min(longest, percentile(counts, 50)),
                Math.min(longest, percentile(counts, 99)));
    }

    private static long percentile(TreeMap<Long, Long> counts, int percent) {
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        long seen = 0;
        for (Map.Entry<Long, Long> entry : counts.entrySet()) {
            seen += entry.getValue();
            if (seen * 100 >= all * percent) {
                return entry.getKey() - 1;
            }
        }
        return 0;
    }

    public boolean isEmpty() {
        return buckets.isEmpty();
    }

    /** How many times there are. */
    public long count() {
        return buckets.stream().mapToLong(Bucket::count).sum();
    }

    /**
     * The times in fewer buckets: how many were shorter than each bound and not than the one before, and at last how many were
     * longer. A bucket counts where all of it fits.
     *
     * @param boundsNanos bounds, ascending
     */
    public long[] below(long... boundsNanos) {
        long[] counts = new long[boundsNanos.length + 1];
        for (Bucket bucket : buckets) {
            int at = 0;
            while (at < boundsNanos.length && bucket.upperBoundNanos() > boundsNanos[at]) {
                at++;
            }
            counts[at] += bucket.count();
        }
        return counts;
    }
}
