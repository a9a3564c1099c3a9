package dev.spinbpf.maps.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A histogram of times in nanoseconds. Buckets are an eighth of a power of two wide, so that a value is known to within
 * 13 %; one thread writes, any thread may read meanwhile.
 */
public final class TimeHistogram {
    private static final int SUB_BITS = 3;
    private static final int SUB_BUCKETS = 1 << SUB_BITS;
    private static final int LARGEST_EXPONENT = 42;
    private static final int BUCKETS = (LARGEST_EXPONENT - SUB_BITS + 2) * SUB_BUCKETS;
    private static final int TOTAL = BUCKETS;
    private static final int MAX = BUCKETS + 1;
    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    private volatile long @Nullable [] counts;

    /** An empty histogram; it takes no memory until the first time is added. */
    public TimeHistogram() {}

    private static int bucket(long nanos) {
        if (nanos < SUB_BUCKETS) {
            return (int) Math.max(nanos, 0);
        }
        int exponent = Math.min(63 - Long.numberOfLeadingZeros(nanos), LARGEST_EXPONENT);
        int sub = (int) Math.min(nanos >>> (exponent - SUB_BITS), 2L * SUB_BUCKETS - 1) & (SUB_BUCKETS - 1);
        return (exponent - SUB_BITS + 1) * SUB_BUCKETS + sub;
    }

    /** Returns the first value that is too large for a bucket. */
    private static long upperBound(int bucket) {
        if (bucket < SUB_BUCKETS) {
            return bucket + 1L;
        }
        int shift = bucket / SUB_BUCKETS - 1;
        return (SUB_BUCKETS + bucket % SUB_BUCKETS + 1L) << shift;
    }

    /** Counts a time; for the one thread that writes. */
    public void add(long nanos) {
        long[] buckets = writableCounts();
        add(buckets, bucket(nanos), 1);
        add(buckets, TOTAL, nanos);
        COUNTS.setOpaque(buckets, MAX, Math.max(buckets[MAX], nanos));
    }

    /** Counts all times of another histogram. */
    public void addAll(TimeHistogram other) {
        if (other.counts == null) {
            return;
        }
        long[] buckets = writableCounts();
        for (int i = 0; i < BUCKETS; i++) {
            add(buckets, i, other.get(i));
        }
        add(buckets, TOTAL, other.totalNanos());
        COUNTS.setOpaque(buckets, MAX, Math.max(buckets[MAX], other.maxNanos()));
    }

    /** Returns true where no time was counted. */
    public boolean isEmpty() {
        return counts == null;
    }

    private long[] writableCounts() {
        long[] buckets = counts;
        if (buckets == null) {
            buckets = new long[BUCKETS + 2];
            counts = buckets;
        }
        return buckets;
    }

    private static void add(long[] buckets, int index, long value) {
        COUNTS.setOpaque(buckets, index, buckets[index] + value);
    }

    private long get(int index) {
        long[] buckets = counts;
        return buckets == null ? 0 : (long) COUNTS.getOpaque(buckets, index);
    }

    /** Returns how many times were counted. */
    public long count() {
        long sum = 0;
        for (int i = 0; i < BUCKETS; i++) {
            sum += get(i);
        }
        return sum;
    }

    /** Returns the sum of all times. */
    public long totalNanos() {
        return get(TOTAL);
    }

    /** Returns the longest time. */
    public long maxNanos() {
        return get(MAX);
    }

    /** Takes the buckets that are not empty, one by one. */
    @FunctionalInterface
    public interface BucketVisitor {
        /** Visits {@code count} times that were shorter than {@code upperBoundNanos}, and not in a bucket before. */
        void visit(long upperBoundNanos, long count);
    }

    /** Visits the buckets that are not empty, shortest times first. */
    public void forEachBucket(BucketVisitor visitor) {
        for (int i = 0; i < BUCKETS; i++) {
            long count = get(i);
            if (count != 0) {
                visitor.visit(upperBound(i), count);
            }
        }
    }
}
