package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockFailureListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The last locks that could not be taken. Adding one is a store, on the thread of the CPU that failed. */
public final class FailureLog implements LockFailureListener {
    /** Number of failures that are kept. */
    public static final int KEPT = 256;

    private final AtomicLong next = new AtomicLong(1);
    private final AtomicReferenceArray<Entry> ring = new AtomicReferenceArray<>(KEPT);

    /**
     * A failure.
     *
     * @param number counts them from 1
     * @param atMillis when, in milliseconds since 1970
     * @param failure the failure
     */
    public record Entry(long number, long atMillis, LockFailure failure) {}

    @Override
    public void lockFailed(LockFailure failure) {
        long number = next.getAndIncrement();
        ring.setRelease((int) (number % KEPT), new Entry(number, System.currentTimeMillis(), failure));
    }

    /** Returns how many there were. */
    public long count() {
        return next.get() - 1;
    }

    /** Returns the last ones with a number above {@code after}, newest first, at most {@code most}. */
    public List<Entry> newest(long after, int most) {
        long last = count();
        List<Entry> entries = new ArrayList<>();
        for (long number = last; number > Math.max(after, last - KEPT) && entries.size() < most; number--) {
            Entry entry = ring.getAcquire((int) (number % KEPT));
            if (entry != null && entry.number() == number) {
                entries.add(entry);
            }
        }
        return entries;
    }
}
