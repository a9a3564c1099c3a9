package dev.spinbpf.maps.lock;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A {@link TimeHistogram} as it was at a moment.
 *
 * @param buckets those that are not empty, shortest times first
 * @param totalNanos the sum of all times
 * @param maxNanos the longest
 */
public record TimeSnapshot(List<Bucket> buckets, long totalNanos, long maxNanos) {
    private static final TimeSnapshot NONE = new TimeSnapshot(List.of(), 0, 0);

    /** Times that were shorter than the bound, and not shorter than the bound of the bucket before. */
    public record Bucket(long upperBoundNanos, long count) {}

    /** Returns the present state of a histogram. */
    public static TimeSnapshot of(TimeHistogram histogram) {
        if (histogram.isEmpty()) {
            return NONE;
        }
        List<Bucket> buckets = new ArrayList<>();
        histogram.forEachBucket((bound, count) -> buckets.add(new Bucket(bound, count)));
        return new TimeSnapshot(List.copyOf(buckets), histogram.totalNanos(), histogram.maxNanos());
    }

    /** Returns the sum of these times and others. */
    TimeSnapshot plus(TimeSnapshot other) {
        TreeMap<Long, Long> counts = new TreeMap<>();
        buckets.forEach(bucket -> counts.merge(bucket.upperBoundNanos, bucket.count, Long::sum));
        other.buckets.forEach(bucket -> counts.merge(bucket.upperBoundNanos, bucket.count, Long::sum));
        List<Bucket> sum = new ArrayList<>();
        counts.forEach((bound, count) -> sum.add(new Bucket(bound, count)));
        return new TimeSnapshot(List.copyOf(sum), totalNanos + other.totalNanos, Math.max(maxNanos, other.maxNanos));
    }

    /** Returns true where there are no times. */
    public boolean isEmpty() {
        return buckets.isEmpty();
    }

    /** Returns how many times there are. */
    public long count() {
        return buckets.stream().mapToLong(Bucket::count).sum();
    }

    /** Returns the median, to within the width of a bucket. */
    public long p50Nanos() {
        return percentileNanos(50);
    }

    /** Returns the time that 99 of 100 do not exceed, to within the width of a bucket. */
    public long p99Nanos() {
        return percentileNanos(99);
    }

    /**
     * Returns the time that {@code percentile} of a hundred do not exceed, to within the width of a bucket; 0 where
     * there are none.
     */
    public long percentileNanos(double percentile) {
        long wanted = (long) Math.ceil(count() * percentile / 100);
        long seen = 0;
        for (Bucket bucket : buckets) {
            seen += bucket.count;
            if (seen >= wanted) {
                return Math.min(bucket.upperBoundNanos - 1, maxNanos);
            }
        }
        return maxNanos;
    }

    /**
     * Returns the times in fewer buckets: how many were shorter than each bound and not than the one before, and at
     * last how many were longer. A bucket counts where all of it fits.
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
