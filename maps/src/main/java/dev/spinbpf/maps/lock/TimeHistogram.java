package dev.spinbpf.maps.lock;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A histogram of times in nanoseconds; one thread writes, any thread may read meanwhile.
 *
 * <p>Buckets are those of Prometheus' native histograms of seconds with schema 3: bucket {@code i} holds the times of
 * more than 2<sup>(i-1)/8</sup> and at most 2<sup>i/8</sup> seconds, so that a time is known to within a ninth. They
 * are cut once more at {@link #classicBounds} and at powers of ten, so that native and classic histograms, and the
 * tables of reports, are all exact sums of the same buckets. The first bucket holds times of zero, the last one also
 * whatever is longer than its bound of 2<sup>12</sup> seconds.
 */
public final class TimeHistogram {
    /** The schema of {@link #forEachNativeBucket}: the power of two of the buckets' number in an octave. */
    public static final int NATIVE_SCHEMA = 3;

    private static final int OCTAVE = 1 << NATIVE_SCHEMA;
    private static final double NANOS_PER_SECOND = 1e9;
    /** Shortest and longest times: a nanosecond is more than 2^-30 seconds. */
    private static final int FIRST_OCTAVE = -30;

    private static final int LAST_OCTAVE = 12;

    private static final long[] CLASSIC_BOUNDS_NANOS = {
        1_000,
        4_000,
        16_000,
        64_000,
        256_000,
        1_000_000,
        4_000_000,
        16_000_000,
        64_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000
    };

    private static final long[] UPPER_BOUNDS = upperBounds();
    private static final int[] NATIVE_INDEXES = nativeIndexes();
    /** By the position of the highest bit: the first bucket that a number with it can be in. */
    private static final int[] FIRST_BUCKETS = firstBuckets();

    private static final int BUCKETS = UPPER_BOUNDS.length;
    private static final int TOTAL = BUCKETS;
    private static final int MAX = BUCKETS + 1;
    private static final int VERSION = BUCKETS + 2;
    private static final int PAUSE_WANTED = BUCKETS + 3;
    private static final int WORDS = BUCKETS + 4;
    /** Tries of a reader before it asks the writer to pause; then before it sleeps between tries; then before it gives up. */
    private static final int HOPEFUL_READS = 4;

    private static final int BUSY_READS = 50;
    private static final int MOST_READS = 1000;
    private static final long SLEEP_NANOS = 50_000;
    /** Longest pause of a writer, in spins: a few microseconds, once for each request of a reader. */
    private static final int MOST_PAUSES = 200;

    private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

    /**
     * By bucket; then the sum of all times, the longest, a version that is odd while the writer writes, and whether a
     * reader asks the writer to pause.
     */
    private volatile long @Nullable [] counts;

    /** An empty histogram; it takes no memory until the first time is added. */
    public TimeHistogram() {}

    private static long nativeBound(int index) {
        return (long) Math.floor(Math.pow(2, (double) index / OCTAVE) * NANOS_PER_SECOND);
    }

    private static long[] upperBounds() {
        TreeSet<Long> bounds = new TreeSet<>();
        bounds.add(0L);
        for (int index = FIRST_OCTAVE * OCTAVE; index <= LAST_OCTAVE * OCTAVE; index++) {
            bounds.add(nativeBound(index));
        }
        for (long bound : CLASSIC_BOUNDS_NANOS) {
            bounds.add(bound);
        }
        for (long decade = 1; decade <= NANOS_PER_SECOND; decade *= 10) {
            bounds.add(decade);
        }
        return bounds.stream().mapToLong(Long::longValue).toArray();
    }

    private static int[] nativeIndexes() {
        int[] indexes = new int[UPPER_BOUNDS.length];
        int index = FIRST_OCTAVE * OCTAVE;
        for (int bucket = 1; bucket < indexes.length; bucket++) {
            while (nativeBound(index) < UPPER_BOUNDS[bucket]) {
                index++;
            }
            indexes[bucket] = index;
        }
        return indexes;
    }

    private static int[] firstBuckets() {
        int[] firsts = new int[Long.SIZE];
        for (int bit = 0; bit < firsts.length; bit++) {
            int at = Arrays.binarySearch(UPPER_BOUNDS, 1L << bit);
            firsts[bit] = Math.min(at < 0 ? -at - 1 : at, UPPER_BOUNDS.length - 1);
        }
        return firsts;
    }

    private static int bucket(long nanos) {
        if (nanos <= 0) {
            return 0;
        }
        int bucket = FIRST_BUCKETS[63 - Long.numberOfLeadingZeros(nanos)];
        while (bucket < BUCKETS - 1 && UPPER_BOUNDS[bucket] < nanos) {
            bucket++;
        }
        return bucket;
    }

    /** Returns the bounds of a classic histogram, in nanoseconds, ascending: a microsecond to a second. */
    public static long[] classicBounds() {
        return CLASSIC_BOUNDS_NANOS.clone();
    }

    /** Counts a time; for the one thread that writes. */
    public void add(long nanos) {
        long[] buckets = writableCounts();
        beginWriting(buckets);
        add(buckets, bucket(nanos), 1);
        add(buckets, TOTAL, nanos);
        COUNTS.setOpaque(buckets, MAX, Math.max(buckets[MAX], nanos));
        endWriting(buckets);
    }

    /** Counts all times of another histogram, as they are at one moment, between two of its writer's times. */
    public void addAll(TimeHistogram other) {
        long[] from = other.counts;
        if (from == null) {
            return;
        }
        long[] seen = consistent(from);
        long[] buckets = writableCounts();
        beginWriting(buckets);
        for (int i = 0; i < MAX; i++) {
            add(buckets, i, seen[i]);
        }
        COUNTS.setOpaque(buckets, MAX, Math.max(buckets[MAX], seen[MAX]));
        endWriting(buckets);
    }

    private static void beginWriting(long[] buckets) {
        COUNTS.setOpaque(buckets, VERSION, buckets[VERSION] + 1);
        VarHandle.storeStoreFence();
    }

    private static void endWriting(long[] buckets) {
        COUNTS.setRelease(buckets, VERSION, buckets[VERSION] + 1);
        if ((long) COUNTS.getOpaque(buckets, PAUSE_WANTED) != 0) {
            pause(buckets);
        }
    }

    /** Lets a reader read; a writer without a pause between its times would else keep it from ever seeing one moment. */
    private static void pause(long[] buckets) {
        for (int i = 0; i < MOST_PAUSES && (long) COUNTS.getOpaque(buckets, PAUSE_WANTED) != 0; i++) {
            Thread.onSpinWait();
        }
        COUNTS.setOpaque(buckets, PAUSE_WANTED, 0L);
    }

    /** Returns a copy; of a moment in the middle of a writer's step only where that step takes very long. */
    private static long[] consistent(long[] from) {
        long[] copy = new long[VERSION];
        for (int reads = 0; reads < MOST_READS && !readAtOneMoment(from, copy); reads++) {
            if (reads >= BUSY_READS) {
                LockSupport.parkNanos(SLEEP_NANOS);
            }
            if (reads >= HOPEFUL_READS) {
                COUNTS.setOpaque(from, PAUSE_WANTED, 1L);
            }
        }
        COUNTS.setOpaque(from, PAUSE_WANTED, 0L);
        return copy;
    }

    private static boolean readAtOneMoment(long[] from, long[] copy) {
        long before = (long) COUNTS.getAcquire(from, VERSION);
        for (int i = 0; i < VERSION; i++) {
            copy[i] = (long) COUNTS.getOpaque(from, i);
        }
        VarHandle.loadLoadFence();
        long after = (long) COUNTS.getOpaque(from, VERSION);
        return before == after && (before & 1) == 0;
    }

    /**
     * Visits times, as many as were counted since an earlier moment: each lies in the bucket of one that was counted,
     * and their sum is that of those. So others can be given the times, which the histogram itself does not keep.
     * Visits none where bucket counts and sum do not fit together yet.
     *
     * @param earlier a histogram of times that are all in this one
     */
    public void forEachSince(TimeHistogram earlier, LongConsumer visitor) {
        long least = 0;
        long most = 0;
        for (int i = 0; i < BUCKETS; i++) {
            long count = get(i) - earlier.get(i);
            least += count * lowest(i);
            most += count * highest(i);
        }
        long rest = totalNanos() - earlier.totalNanos() - least;
        if (rest < 0 || rest > most - least) {
            return;
        }
        for (int i = 0; i < BUCKETS; i++) {
            long count = get(i) - earlier.get(i);
            if (count > 0) {
                long here = Math.min(rest, count * (highest(i) - lowest(i)));
                rest -= here;
                for (long n = 0; n < count; n++) {
                    visitor.accept(lowest(i) + here / count + (n < here % count ? 1 : 0));
                }
            }
        }
    }

    private static long lowest(int bucket) {
        return bucket == 0 ? 0 : UPPER_BOUNDS[bucket - 1] + 1;
    }

    private long highest(int bucket) {
        return bucket == BUCKETS - 1 ? Math.max(maxNanos(), UPPER_BOUNDS[bucket]) : UPPER_BOUNDS[bucket];
    }

    /** Returns a copy of what was counted so far. */
    public TimeHistogram copy() {
        TimeHistogram copy = new TimeHistogram();
        copy.addAll(this);
        return copy;
    }

    /** Forgets all times; for the one thread that writes. */
    void clear() {
        long[] buckets = counts;
        if (buckets != null) {
            Arrays.fill(buckets, 0);
        }
    }

    private long[] writableCounts() {
        long[] buckets = counts;
        if (buckets == null) {
            buckets = new long[WORDS];
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

    /** Returns true where no time was counted. */
    public boolean isEmpty() {
        return count() == 0;
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
        for (int i = 0; i < BUCKETS && wanted > 0; i++) {
            seen += get(i);
            if (seen >= wanted) {
                return Math.min(UPPER_BOUNDS[i], maxNanos());
            }
        }
        return maxNanos();
    }

    /**
     * Returns the times in fewer buckets: how many were not longer than each bound but longer than the one before, and
     * at last how many were longer. Exact for {@link #classicBounds} and powers of ten up to a second; elsewhere a
     * bucket counts where all of it fits.
     *
     * @param boundsNanos bounds, ascending
     */
    public long[] upTo(long... boundsNanos) {
        long[] sums = new long[boundsNanos.length + 1];
        int at = 0;
        for (int i = 0; i < BUCKETS; i++) {
            while (at < boundsNanos.length && UPPER_BOUNDS[i] > boundsNanos[at]) {
                at++;
            }
            sums[at] += get(i);
        }
        return sums;
    }

    /** Takes the buckets that are not empty, one by one. */
    @FunctionalInterface
    public interface BucketVisitor {
        /** Visits {@code count} times that were not longer than {@code boundNanos}, and not in a bucket before. */
        void visit(long boundNanos, long count);
    }

    /** Visits the buckets that are not empty, shortest times first. */
    public void forEachBucket(BucketVisitor visitor) {
        for (int i = 0; i < BUCKETS; i++) {
            long count = get(i);
            if (count != 0) {
                visitor.visit(UPPER_BOUNDS[i], count);
            }
        }
    }

    /** Takes the buckets of a native histogram that are not empty, one by one. */
    @FunctionalInterface
    public interface NativeBucketVisitor {
        /** Visits {@code count} times of more than 2^((index-1)/8) and at most 2^(index/8) seconds. */
        void visit(int index, long count);
    }

    /** Visits the buckets of a native histogram that are not empty, but for {@link #zeroCount}; lowest index first. */
    public void forEachNativeBucket(NativeBucketVisitor visitor) {
        int bucket = 1;
        while (bucket < BUCKETS) {
            int index = NATIVE_INDEXES[bucket];
            long count = 0;
            for (; bucket < BUCKETS && NATIVE_INDEXES[bucket] == index; bucket++) {
                count += get(bucket);
            }
            if (count != 0) {
                visitor.visit(index, count);
            }
        }
    }

    /** Returns how many times were zero. */
    public long zeroCount() {
        return get(0);
    }
}
