package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuCounters;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;
import org.jspecify.annotations.Nullable;

/**
 * {@code BPF_MAP_TYPE_RINGBUF}: records of any size, from programs on all CPUs to one consumer in user space.
 *
 * <p>A reservation, under the buffer's rqspinlock, advances the producer position and marks the record busy; a commit,
 * without a lock, takes the mark away. The consumer reads records in order and stops at a busy one. A record begins
 * where its position, modulo the buffer's size, says, and is never split: the memory after the buffer's end, which
 * Linux maps to its beginning once more, is memory of its own here, since nothing looks at a record but from its header
 * on.
 *
 * <pre>
 *   page 0:  lock(4) map id(4) wakeups(8)
 *   page 1:  consumer position
 *   page 2:  producer position, pending position, overwrite position
 *   pages 3...:  data, twice
 *   record:  length(4, with busy and discard bits) pages from page 0(4) data
 * </pre>
 */
public final class RingBufferMap extends ElementlessMap {
    private static final int HEADER_SIZE = 8;
    private static final int BUSY_BIT = 1 << 31;
    private static final int DISCARD_BIT = 1 << 30;
    private static final long LARGEST_RECORD = 0xffffffffL / 4;

    private static final int RESERVED = 0;
    private static final int FULL = 1;
    private static final int TOO_LARGE = 2;
    private static final int NOT_LOCKED = 3;
    private static final int COUNTERS = 4;

    private static final int PAGE_SIZE = GuestMemory.PAGE_SIZE;
    private static final int MAP_ID = 4;
    private static final int WAKEUPS = 8;
    private static final int CONSUMER = PAGE_SIZE;
    private static final int PRODUCER = 2 * PAGE_SIZE;
    private static final int PENDING = PRODUCER + 8;
    private static final int OVERWRITE = PRODUCER + 16;
    private static final int DATA = 3 * PAGE_SIZE;

    private final long base;
    private final long data;
    private final long mask;
    private final boolean overwriting;
    private final LockClass lockClass;
    private final CpuCounters counters;
    private volatile @Nullable Runnable wakeup;

    RingBufferMap(CheckedMapDef definition) {
        super(definition);
        mask = maxEntries() - 1;
        overwriting = hasFlag(MapFlags.BPF_F_RB_OVERWRITE);
        base = arena().allocate(DATA + 2 * maxEntries(), PAGE_SIZE);
        data = base + DATA;
        GuestMemory.putInt(base + MAP_ID, id());
        lockClass = lockClass(LockKind.RINGBUF);
        counters = new CpuCounters(cpuCount, COUNTERS);
    }

    /** Address of the lock. */
    long lock() {
        return base;
    }

    private long header(long position) {
        return data + (position & mask);
    }

    private static long roundUpRecord(int lengthAndBits) {
        return Bytes.roundUp8((lengthAndBits & 0xffffffffL & ~DISCARD_BIT) + HEADER_SIZE);
    }

    // Producers.

    /**
     * {@code bpf_ringbuf_reserve}.
     *
     * @return address of {@code size} bytes to be submitted or discarded; 0 if there is no room, the lock fails or
     *     flags are not 0
     */
    public long reserve(Cpu cpu, long size, long flags) {
        return flags != 0 ? 0 : reserve(cpu, size);
    }

    private long reserve(Cpu cpu, long size) {
        long length = Bytes.roundUp8(size + HEADER_SIZE);
        if (Long.compareUnsigned(size, LARGEST_RECORD) > 0 || length > mask + 1) {
            counters.add(cpu, TOO_LARGE, 1);
            return 0;
        }
        long consumer = GuestWords.getLongAcquire(base + CONSUMER);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), 0);
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, base, lockClass, irqFlags) != 0) {
            counters.add(cpu, NOT_LOCKED, 1);
            return 0;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), 0);
        long producer = GuestMemory.getLong(base + PRODUCER);
        long pending = advancePending(producer);
        long newProducer = producer + length;
        boolean fits = newProducer - pending <= mask && (overwriting || newProducer - consumer <= mask);
        long header = header(producer);
        if (fits) {
            if (overwriting) {
                advanceOverwrite(newProducer);
            }
            GuestMemory.putInt(header, (int) size | BUSY_BIT);
            GuestMemory.putInt(header + 4, (int) ((header - base) / PAGE_SIZE));
            GuestWords.setLongRelease(base + PRODUCER, newProducer);
        }
        locks.unlockIrqrestore(cpu, base, irqFlags);
        counters.add(cpu, fits ? RESERVED : FULL, 1);
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), 0);
        return fits ? header + HEADER_SIZE : 0;
    }

    /** The position of the oldest record that is not committed. */
    private long advancePending(long producer) {
        long pending = GuestMemory.getLong(base + PENDING);
        while (pending != producer) {
            int length = GuestWords.getIntOpaque(header(pending));
            if ((length & BUSY_BIT) != 0) {
                break;
            }
            pending += roundUpRecord(length);
        }
        GuestMemory.putLong(base + PENDING, pending);
        return pending;
    }

    /** Gives up as many of the oldest records as the new one needs. */
    private void advanceOverwrite(long newProducer) {
        long overwrite = GuestMemory.getLong(base + OVERWRITE);
        while (newProducer - overwrite > mask) {
            overwrite += roundUpRecord(GuestWords.getIntOpaque(header(overwrite)));
        }
        GuestWords.setLongOpaque(base + OVERWRITE, overwrite);
    }

    /**
     * The ring buffer that a reserved record belongs to, or null if the address is not that of a record.
     *
     * @throws IndexOutOfBoundsException where the address does not exist
     */
    public static @Nullable RingBufferMap ofRecord(MapTable table, long record) {
        long header = record - HEADER_SIZE;
        long pages = GuestMemory.getInt(header + 4) & 0xffffffffL;
        long base = (header & -PAGE_SIZE) - pages * PAGE_SIZE;
        if (!GuestMemory.exists(base, PAGE_SIZE)) {
            return null;
        }
        return table.byId(GuestMemory.getInt(base + MAP_ID)) instanceof RingBufferMap map && map.base == base
                ? map
                : null;
    }

    /** {@code bpf_ringbuf_submit}: the consumer may read the record. */
    public void submit(long record, long flags) {
        commit(record, flags, 0);
    }

    /** {@code bpf_ringbuf_discard}: the consumer will skip the record. */
    public void discard(long record, long flags) {
        commit(record, flags, DISCARD_BIT);
    }

    private void commit(long record, long flags, int discardBit) {
        long header = record - HEADER_SIZE;
        int length = GuestMemory.getInt(header) ^ BUSY_BIT | discardBit;
        GuestWords.getAndSetInt(header, length);
        boolean caughtUp = header(GuestWords.getLongAcquire(base + CONSUMER)) == header;
        if ((flags & MapFlags.BPF_RB_FORCE_WAKEUP) != 0 || caughtUp && (flags & MapFlags.BPF_RB_NO_WAKEUP) == 0) {
            wake();
        }
    }

    private void wake() {
        GuestWords.getAndAddLong(base + WAKEUPS, 1);
        Runnable action = wakeup;
        if (action != null) {
            action.run();
        }
    }

    /** {@code bpf_ringbuf_output}: reserves, copies and submits; -EAGAIN if there is no room or the lock fails. */
    public int output(Cpu cpu, long from, long size, long flags) {
        if ((flags & ~(MapFlags.BPF_RB_NO_WAKEUP | MapFlags.BPF_RB_FORCE_WAKEUP)) != 0) {
            return -EINVAL;
        }
        if (size > 0 && size <= LARGEST_RECORD) {
            requireReadable(from, (int) size);
        }
        long record = reserve(cpu, size);
        if (record == 0) {
            return -EAGAIN;
        }
        Bytes.copy(from, record, (int) size);
        submit(record, flags);
        return 0;
    }

    /** {@code bpf_ringbuf_query}; 0 for a question that it does not know. */
    public long query(long question) {
        if (question == MapFlags.BPF_RB_AVAIL_DATA) {
            return available();
        }
        if (question == MapFlags.BPF_RB_RING_SIZE) {
            return mask + 1;
        }
        if (question == MapFlags.BPF_RB_CONS_POS) {
            return GuestWords.getLongAcquire(base + CONSUMER);
        }
        if (question == MapFlags.BPF_RB_PROD_POS) {
            return GuestWords.getLongAcquire(base + PRODUCER);
        }
        return question == MapFlags.BPF_RB_OVERWRITE_POS ? GuestWords.getLongAcquire(base + OVERWRITE) : 0;
    }

    /** Returns how many records were reserved. */
    public long reserved() {
        return counters.sum(RESERVED);
    }

    /** Returns how many records were dropped because the buffer had no room left. */
    public long droppedFull() {
        return counters.sum(FULL);
    }

    /** Returns how many records were dropped because they were larger than any may be. */
    public long droppedTooLarge() {
        return counters.sum(TOO_LARGE);
    }

    /** Returns how many records were dropped because the buffer's lock could not be taken. */
    public long droppedNotLocked() {
        return counters.sum(NOT_LOCKED);
    }

    private long available() {
        long consumer = GuestWords.getLongAcquire(base + CONSUMER);
        if (overwriting) {
            consumer = Math.max(consumer, GuestWords.getLongAcquire(base + OVERWRITE));
        }
        return GuestWords.getLongAcquire(base + PRODUCER) - consumer;
    }

    // The consumer.

    /** Takes the records. */
    @FunctionalInterface
    public interface RecordVisitor {
        /** Takes a record of {@code size} bytes, which is gone when this returns. Returns false to stop after it. */
        boolean visit(long record, int size);
    }

    /**
     * Reads what there is, up to the first busy record; one thread at a time may.
     *
     * @return how many records were visited, discarded ones not counted
     */
    public long consume(RecordVisitor visitor) {
        long visited = 0;
        long consumer = GuestWords.getLongAcquire(base + CONSUMER);
        boolean goOn = true;
        while (goOn) {
            long producer = GuestWords.getLongAcquire(base + PRODUCER);
            if (overwriting) {
                consumer = Math.max(consumer, GuestWords.getLongAcquire(base + OVERWRITE));
            }
            if (consumer >= producer) {
                break;
            }
            int length = GuestWords.getIntAcquire(header(consumer));
            if ((length & BUSY_BIT) != 0) {
                break;
            }
            if ((length & DISCARD_BIT) == 0) {
                visited++;
                goOn = visitor.visit(header(consumer) + HEADER_SIZE, length);
            }
            consumer += roundUpRecord(length);
            GuestWords.setLongRelease(base + CONSUMER, consumer);
        }
        return visited;
    }

    /** Sets what runs on the producer's thread when the consumer is to be woken; it must return at once. */
    public void setWakeup(@Nullable Runnable action) {
        wakeup = action;
    }

    /** Returns how often the consumer was to be woken. */
    public long wakeups() {
        return GuestMemory.getLongOpaque(base + WAKEUPS);
    }
}
