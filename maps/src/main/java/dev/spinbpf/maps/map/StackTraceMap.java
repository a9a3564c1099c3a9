package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_STACK_TRACE}: stacks by the hash of their addresses. There is no lock; a bucket holds one stack,
 * and changes by an exchange of its word.
 *
 * <p>Stacks come from a list of as many elements as the map has entries; a new one is taken before the old one goes
 * back, so that a full map cannot replace any.
 *
 * <pre>
 *   free      tag(32) number + 1 of the first free element(32); the tag counts changes
 *   bucket    address of the element, or 0
 *   element   next free(4) frames(4) hash(4) -(4), then the frames
 * </pre>
 */
public final class StackTraceMap extends BpfMap {
    /** Bytes of a frame that names a file: state, number of the build, offset or address. */
    public static final int BUILD_ID_BYTES = 32;

    private static final int BUILD_ID_IS_ADDRESS = 2;
    private static final int BUILD_ID_ADDRESS = 24;

    private static final int FRAMES = 4;
    private static final int HASH = 8;
    private static final int HEADER = 16;
    private static final int CONTROL_SIZE = 64;
    private static final long TAG = 1L << 32;

    private final long free;
    private final long buckets;
    private final long elements;
    private final long elementSize;
    private final int bucketCount;
    private final boolean namesFiles;

    StackTraceMap(CheckedMapDef definition) {
        super(definition);
        namesFiles = hasFlag(MapFlags.BPF_F_STACK_BUILD_ID);
        bucketCount = maxEntries() <= 1 ? 1 : Integer.highestOneBit((int) maxEntries() - 1) << 1;
        elementSize = HEADER + Bytes.roundUp8(valueSize);
        free = arena().allocate(CONTROL_SIZE, CONTROL_SIZE);
        buckets = arena().allocate((long) bucketCount * Long.BYTES);
        elements = arena().allocate(maxEntries() * elementSize);
        for (int number = 0; number < maxEntries(); number++) {
            GuestMemory.putInt(element(number), number + 1 < maxEntries() ? number + 2 : 0);
        }
        GuestMemory.putLong(free, 1);
    }

    private long element(int number) {
        return elements + number * elementSize;
    }

    private long bucket(int id) {
        return buckets + (long) id * Long.BYTES;
    }

    /** Returns how many frames a stack has at most. */
    public int mostFrames() {
        return valueSize / (namesFiles ? BUILD_ID_BYTES : Long.BYTES);
    }

    /**
     * Enters a stack.
     *
     * @param frames guest address of its addresses, innermost first
     * @param count how many, at least one; those beyond {@link #mostFrames} are left out
     * @param flags {@link MapFlags#BPF_F_FAST_STACK_CMP}, {@link MapFlags#BPF_F_REUSE_STACKID}
     * @return its number; -EEXIST where the bucket has another one, -ENOMEM where all elements are in use
     */
    public long record(long frames, int count, long flags) {
        int kept = Math.min(count, mostFrames());
        int hash = JenkinsHash.hash(frames, kept * Long.BYTES, 0);
        int id = hash & bucketCount - 1;
        long old = GuestWords.getLongAcquire(bucket(id));
        boolean hasHash = old != 0 && GuestMemory.getInt(old + HASH) == hash;
        if (hasHash && ((flags & MapFlags.BPF_F_FAST_STACK_CMP) != 0 || isSame(old, frames, kept))) {
            return id;
        }
        if (old != 0 && (flags & MapFlags.BPF_F_REUSE_STACKID) == 0) {
            return -EEXIST;
        }
        long element = pop();
        if (element == 0) {
            return -ENOMEM;
        }
        GuestMemory.putInt(element + FRAMES, kept);
        GuestMemory.putInt(element + HASH, hash);
        for (int i = 0; i < kept; i++) {
            write(element + HEADER, i, GuestMemory.getLong(frames + (long) i * Long.BYTES), namesFiles);
        }
        push(GuestWords.getAndSetLong(bucket(id), element));
        return id;
    }

    /** Writes a frame of a stack, as an address or as the form that names a file; the files are not known. */
    public static void write(long stack, int number, long frame, boolean namesFiles) {
        if (!namesFiles) {
            GuestMemory.putLong(stack + (long) number * Long.BYTES, frame);
            return;
        }
        long at = stack + (long) number * BUILD_ID_BYTES;
        GuestMemory.fill(at, BUILD_ID_BYTES, (byte) 0);
        GuestMemory.putInt(at, BUILD_ID_IS_ADDRESS);
        GuestMemory.putLong(at + BUILD_ID_ADDRESS, frame);
    }

    private boolean isSame(long element, long frames, int count) {
        int stride = namesFiles ? BUILD_ID_BYTES : Long.BYTES;
        int first = namesFiles ? BUILD_ID_ADDRESS : 0;
        boolean same = GuestMemory.getInt(element + FRAMES) == count;
        for (int i = 0; same && i < count; i++) {
            long kept = GuestMemory.getLong(element + HEADER + (long) i * stride + first);
            same = kept == GuestMemory.getLong(frames + (long) i * Long.BYTES);
        }
        return same;
    }

    private long pop() {
        while (true) {
            long head = GuestWords.getLongAcquire(free);
            int number = (int) head - 1;
            if (number < 0) {
                return 0;
            }
            long next = GuestMemory.getInt(element(number));
            if (GuestWords.compareAndExchangeLong(free, head, (head & -TAG) + TAG | next) == head) {
                return element(number);
            }
        }
    }

    private void push(long element) {
        while (element != 0) {
            long head = GuestWords.getLongAcquire(free);
            GuestMemory.putInt(element, (int) head);
            long number = (element - elements) / elementSize + 1;
            if (GuestWords.compareAndExchangeLong(free, head, (head & -TAG) + TAG | number) == head) {
                return;
            }
        }
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        return -EINVAL;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        int id = GuestMemory.getInt(key);
        if (Integer.compareUnsigned(id, bucketCount) >= 0) {
            return -E2BIG;
        }
        long old = GuestWords.getAndSetLong(bucket(id), 0);
        push(old);
        return old == 0 ? -ENOENT : 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        int id = GuestMemory.getInt(key);
        long element = Integer.compareUnsigned(id, bucketCount) < 0 ? GuestWords.getLongAcquire(bucket(id)) : 0;
        if (element == 0) {
            return -ENOENT;
        }
        int used = GuestMemory.getInt(element + FRAMES) * (valueSize / mostFrames());
        GuestMemory.fill(value, valueSize, (byte) 0);
        GuestMemory.copy(element + HEADER, value, used);
        return 0;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        int id = key == 0 ? 0 : GuestMemory.getInt(key);
        if (Integer.compareUnsigned(id, bucketCount) >= 0) {
            id = 0;
        } else if (key != 0) {
            id++;
        }
        while (id < bucketCount && GuestWords.getLongAcquire(bucket(id)) == 0) {
            id++;
        }
        if (id >= bucketCount) {
            return -ENOENT;
        }
        GuestMemory.putInt(nextKey, id);
        return 0;
    }

    @Override
    public long entryCount() {
        long count = 0;
        for (int id = 0; id < bucketCount; id++) {
            count += GuestMemory.getLongAcquire(bucket(id)) == 0 ? 0 : 1;
        }
        return count;
    }
}
