package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENODATA;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;
import org.jspecify.annotations.Nullable;

/**
 * {@code BPF_MAP_TYPE_USER_RINGBUF}: records of any size, from one producer in user space to programs, which drain
 * them.
 *
 * <p>The producer is not trusted in Linux, since it writes into memory that it maps; so {@link #drain} checks what it
 * finds just as Linux does. There is no lock that could fail: programs that drain at the same time as another get
 * -EBUSY.
 *
 * <pre>
 *   page 0:  busy(4) -(4) wakeups(8)
 *   page 1:  consumer position
 *   page 2:  producer position
 *   pages 3...:  data, twice
 *   record:  length(4, with busy and discard bits) -(4) data
 * </pre>
 */
public final class UserRingBufferMap extends ElementlessMap {
    /** Most samples of one drain: {@code BPF_MAX_USER_RINGBUF_SAMPLES}. */
    public static final int MOST_SAMPLES = 128 << 10;

    /** Largest sample that a dynptr can show: {@code DYNPTR_MAX_SIZE}. */
    private static final int LARGEST_SAMPLE = (1 << 24) - 1;

    private static final int HEADER_SIZE = 8;
    private static final int BUSY_BIT = 1 << 31;
    private static final int DISCARD_BIT = 1 << 30;
    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;
    private static final int WAKEUPS = 8;
    private static final int CONSUMER = PAGE_SIZE;
    private static final int PRODUCER = 2 * PAGE_SIZE;
    private static final int DATA = 3 * PAGE_SIZE;

    private final long base;
    private final long data;
    private final long mask;
    private volatile @Nullable Runnable wakeup;

    UserRingBufferMap(CheckedMapDef definition) {
        super(definition);
        mask = maxEntries() - 1;
        base = arena().allocate(DATA + 2 * maxEntries(), PAGE_SIZE);
        data = base + DATA;
    }

    private long header(long position) {
        return data + (position & mask);
    }

    private static long roundUpRecord(int length) {
        return Bytes.roundUp8((length & 0xffffffffL) + HEADER_SIZE);
    }

    // The producer, in user space.

    /**
     * libbpf's {@code user_ring_buffer__reserve}; one thread at a time may.
     *
     * @return address of {@code size} bytes to be submitted or discarded, or -E2BIG (larger than the buffer) or -ENOSPC
     */
    public long reserve(int size) {
        if ((size & (BUSY_BIT | DISCARD_BIT)) != 0) {
            return -E2BIG;
        }
        long consumer = GuestWords.getLongAcquire(base + CONSUMER);
        long producer = GuestWords.getLongAcquire(base + PRODUCER);
        long length = roundUpRecord(size);
        if (length > mask + 1) {
            return -E2BIG;
        }
        if (mask + 1 - (producer - consumer) < length) {
            return -ENOSPC;
        }
        long header = header(producer);
        GuestMemory.putInt(header, size | BUSY_BIT);
        GuestMemory.putInt(header + 4, 0);
        GuestWords.setLongRelease(base + PRODUCER, producer + length);
        return header + HEADER_SIZE;
    }

    /** libbpf's {@code user_ring_buffer__submit}: programs may read the record. */
    public void submit(long record) {
        commit(record, 0);
    }

    /** libbpf's {@code user_ring_buffer__discard}: programs will skip the record. */
    public void discard(long record) {
        commit(record, DISCARD_BIT);
    }

    private static void commit(long record, int discardBit) {
        long header = record - HEADER_SIZE;
        GuestWords.getAndSetInt(header, GuestMemory.getInt(header) & ~BUSY_BIT | discardBit);
    }

    /** Sets what runs on the draining CPU's thread when the producer is to be woken; it must return at once. */
    public void setWakeup(@Nullable Runnable action) {
        wakeup = action;
    }

    /** Returns how often the producer was to be woken. */
    public long wakeups() {
        return GuestMemory.getLongOpaque(base + WAKEUPS);
    }

    /** Address of the producer's position: the word that the producer of Linux maps and writes. */
    long producerPosition() {
        return base + PRODUCER;
    }

    // Programs.

    /** Takes the samples. */
    @FunctionalInterface
    public interface SampleVisitor {
        /** Takes a sample, which is gone when this returns. Returns 0 to go on, anything else to stop after it. */
        long visit(long sample, int size);
    }

    /**
     * {@code bpf_user_ringbuf_drain}.
     *
     * @param flags {@link MapFlags#BPF_RB_NO_WAKEUP}, {@link MapFlags#BPF_RB_FORCE_WAKEUP}
     * @return how many samples were visited, or -EINVAL (flags, or nonsense in the buffer), -E2BIG (a record that
     *     cannot be) or -EBUSY (somebody drains it already)
     */
    public long drain(SampleVisitor visitor, long flags) {
        if ((flags & ~(MapFlags.BPF_RB_NO_WAKEUP | MapFlags.BPF_RB_FORCE_WAKEUP)) != 0) {
            return -EINVAL;
        }
        if (GuestWords.compareAndExchangeInt(base, 0, 1) != 0) {
            return -EBUSY;
        }
        long result = 0;
        int samples = 0;
        int discarded = 0;
        boolean goOn = true;
        while (goOn && samples < MOST_SAMPLES) {
            long found = peek();
            if (found < 0) {
                result = found == -ENODATA ? 0 : found;
                break;
            }
            int length = GuestMemory.getInt(header(found));
            boolean skip = (length & DISCARD_BIT) != 0;
            int size = length & ~(BUSY_BIT | DISCARD_BIT);
            if (skip) {
                discarded++;
            } else {
                goOn = visitor.visit(header(found) + HEADER_SIZE, size) == 0;
            }
            GuestWords.setLongRelease(base + CONSUMER, found + roundUpRecord(size));
            samples++;
        }
        GuestWords.setIntRelease(base, 0);
        boolean wake = samples > 0 && (flags & MapFlags.BPF_RB_NO_WAKEUP) == 0;
        if (wake || (flags & MapFlags.BPF_RB_FORCE_WAKEUP) != 0) {
            wake();
        }
        return result < 0 ? result : samples - discarded;
    }

    /** The position of the next record that may be read or skipped, or why there is none. */
    private long peek() {
        long producer = GuestWords.getLongAcquire(base + PRODUCER);
        if ((producer & 7) != 0) {
            return -EINVAL;
        }
        long consumer = GuestMemory.getLong(base + CONSUMER);
        if (Long.compareUnsigned(consumer, producer) >= 0) {
            return -ENODATA;
        }
        int length = GuestWords.getIntAcquire(header(consumer));
        int size = length & ~(BUSY_BIT | DISCARD_BIT);
        if (roundUpRecord(size) > producer - consumer) {
            return -EINVAL;
        }
        if (roundUpRecord(size) > mask + 1 || size > LARGEST_SAMPLE) {
            return -E2BIG;
        }
        return (length & (BUSY_BIT | DISCARD_BIT)) == BUSY_BIT ? -ENODATA : consumer;
    }

    private void wake() {
        GuestWords.getAndAddLong(base + WAKEUPS, 1);
        Runnable action = wakeup;
        if (action != null) {
            action.run();
        }
    }
}
