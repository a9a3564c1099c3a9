package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.model.Errno.EEXIST;
import static dev.spinbpf.programs.model.Errno.ENOENT;
import static dev.spinbpf.programs.model.Errno.ENOSPC;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;

/**
 * The hash table under all kinds of hash map.
 *
 * <p>A bucket is a word that heads a list of elements, and an rqspinlock. Writers of a bucket hold its lock with
 * interrupts disabled. Readers hold nothing: a list ends in a word that is odd and names its bucket, so that a reader who
 * was carried into another bucket, because an element was reused under its feet, notices at the end and begins again. An
 * element that is taken out keeps its {@code next}, for readers that stand on it.
 *
 * <pre>
 *   bucket:   head(8) lock(4) -(4)
 *   element:  next(8) hash(4) freeNext(4) [list node of an LRU (24)] key value
 * </pre>
 *
 * The header is short so that a small element is in one cache line; only pre-allocated maps use {@code freeNext}. A free element
 * keeps its hash as well, for readers that came by before it was taken out. Key and value begin at multiples of eight. The value slot of a per-CPU map holds the address of CPU 0's value.
 */
public abstract sealed class HashTableMap extends BpfMap
        permits HashMapOfMaps, HashMapOfValues, LruHashMap, PercpuHashMap {
    static final int HEADER_SIZE = 16;

    private static final int BUCKET_SHIFT = 4;
    private static final int BUCKET_LOCK = 8;

    private static final int NEXT = 0;
    static final int HASH = 8;
    static final int FREE_NEXT = 12;

    final int keyOffset;
    final int valueOffset;
    final long elementSize;
    private final long buckets;
    private final int bucketMask;
    private final int seed;
    private final long elementCounts;
    private final LockClass bucketLocks;

    /**
     * @param headerSize bytes before the key, a multiple of eight
     * @param valueSlotSize bytes that the value takes in the element
     */
    HashTableMap(MapDefinition definition, int headerSize, long valueSlotSize) {
        super(definition);
        keyOffset = headerSize;
        valueOffset = headerSize + (int) Bytes.roundUp8(keySize);
        elementSize = valueOffset + Bytes.roundUp8(valueSlotSize);
        long bucketCount = bucketCount(maxEntries());
        bucketMask = (int) (bucketCount - 1);
        seed = hasFlag(MapFlags.BPF_F_ZERO_SEED) ? 0 : environment().hashSeeds().getAsInt();
        buckets = arena().allocate(bucketCount << BUCKET_SHIFT, 64);
        for (long i = 0; i < bucketCount; i++) {
            GuestMemory.putLong(buckets + (i << BUCKET_SHIFT), endOf((int) i));
        }
        elementCounts = arena().allocate((long) PercpuCounter.STRIDE * cpuCount, 64);
        bucketLocks = lockClass("bucket");
    }

    static long bucketCount(long maxEntries) {
        return maxEntries <= 1 ? 1 : Long.highestOneBit(maxEntries - 1) << 1;
    }

    private static long endOf(int bucketIndex) {
        return (bucketIndex & 0xffffffffL) << 1 | 1;
    }

    private static boolean isEnd(long node) {
        return (node & 1) != 0;
    }

    final int hash(long key) {
        return JenkinsHash.hash(key, keySize, seed);
    }

    final long bucketOf(int hash) {
        return buckets + ((long) (hash & bucketMask) << BUCKET_SHIFT);
    }

    /** How many elements the map holds, as {@code bpf_map_sum_elem_count} would say. */
    public final long elementCount() {
        return PercpuCounter.sum(elementCounts, cpuCount);
    }

    final void countElement(Cpu cpu, int change) {
        PercpuCounter.add(elementCounts, cpu, change);
    }

    // Finding.

    /** Finds an element while others may change the table; 0 if there is none. */
    final long find(long key, int hash) {
        long bucket = bucketOf(hash);
        long end = endOf(hash & bucketMask);
        while (true) {
            long node = GuestWords.getLongAcquire(bucket);
            while (!isEnd(node)) {
                if (matches(node, key, hash)) {
                    return node;
                }
                node = GuestWords.getLongAcquire(node + NEXT);
            }
            if (node == end) {
                return 0;
            }
        }
    }

    /** Finds an element under the bucket's lock; 0 if there is none. */
    final long findLocked(long bucket, long key, int hash) {
        long node = GuestMemory.getLong(bucket);
        while (!isEnd(node)) {
            if (matches(node, key, hash)) {
                return node;
            }
            node = GuestMemory.getLong(node + NEXT);
        }
        return 0;
    }

    private boolean matches(long node, long key, int hash) {
        return GuestMemory.getInt(node + HASH) == hash && Bytes.equal(node + keyOffset, key, keySize);
    }

    // Changing, under the bucket's lock.

    /** Puts an element first, where a reader finds it before an older one with the same key. */
    final void insert(long bucket, long element) {
        GuestMemory.setLongOpaque(element + NEXT, GuestMemory.getLong(bucket));
        GuestWords.setLongRelease(bucket, element);
    }

    /** Takes an element out; false if it is not in this bucket. */
    final boolean unlink(long bucket, long element) {
        long at = bucket;
        long node = GuestMemory.getLong(at);
        while (node != element) {
            if (isEnd(node)) {
                return false;
            }
            at = node + NEXT;
            node = GuestMemory.getLong(at);
        }
        GuestWords.setLongRelease(at, GuestMemory.getLong(element + NEXT));
        return true;
    }

    /** {@code check_flags}. */
    static int checkExistence(long old, long flags) {
        long wanted = flags & ~MapFlags.BPF_F_LOCK;
        if (old != 0 && wanted == MapFlags.BPF_NOEXIST) {
            return -EEXIST;
        }
        return old == 0 && wanted == MapFlags.BPF_EXIST ? -ENOENT : 0;
    }

    /**
     * {@code htab_lock_bucket}: 0, -EDEADLK or -ETIMEDOUT.
     *
     * @param irqFlags what {@link Cpu#irqSave} returned just before; restored if the lock fails
     */
    final int lockBucket(Cpu cpu, long bucket, long irqFlags) {
        return locks.lockIrqsave(cpu, bucket + BUCKET_LOCK, bucketLocks, irqFlags);
    }

    final void unlockBucket(Cpu cpu, long bucket, long irqFlags) {
        locks.unlockIrqrestore(cpu, bucket + BUCKET_LOCK, irqFlags);
    }

    /** Address of a bucket's lock. */
    final long lockOf(long key) {
        return bucketOf(hash(key)) + BUCKET_LOCK;
    }

    // What all kinds share.

    @Override
    public int delete(Cpu cpu, long key) {
        int hash = hash(key);
        long bucket = bucketOf(hash);
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), key);
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            return error;
        }
        cpu.fire(HookPoint.MAP_DELETE_UNDER_LOCK, id(), key);
        long element = findLocked(bucket, key, hash);
        if (element != 0) {
            unlink(bucket, element);
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (element != 0) {
            release(cpu, element);
        }
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return element == 0 ? -ENOENT : 0;
    }

    @Override
    int takeValue(Cpu cpu, long key, long value, long flags) {
        requireReadable(value, sysValueSize(0));
        int hash = hash(key);
        long bucket = bucketOf(hash);
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), key);
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            return error;
        }
        cpu.fire(HookPoint.MAP_DELETE_UNDER_LOCK, id(), key);
        long element = findLocked(bucket, key, hash);
        if (element != 0) {
            copyElement(cpu, element, value, flags);
            unlink(bucket, element);
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (element != 0) {
            release(cpu, element);
        }
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return element == 0 ? -ENOENT : 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long element = find(key, hash(key));
        if (element == 0) {
            return -ENOENT;
        }
        copyElement(cpu, element, value, flags);
        return 0;
    }

    final long bucketCount() {
        return (bucketMask & 0xffffffffL) + 1;
    }

    /**
     * Copies the elements of a bucket to user space, all or none, and takes them out if wanted.
     *
     * @return how many there were, -ENOSPC if more than {@code room}, or the lock's error
     */
    final int copyBucket(Cpu cpu, long index, long keys, long values, int room, long flags, boolean delete) {
        long bucket = buckets + (index << BUCKET_SHIFT);
        if (isEnd(GuestWords.getLongAcquire(bucket))) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            return error;
        }
        long first = GuestMemory.getLong(bucket);
        int count = 0;
        for (long element = first; !isEnd(element); element = GuestMemory.getLong(element + NEXT)) {
            count++;
        }
        if (Integer.compareUnsigned(count, room) > 0) {
            unlockBucket(cpu, bucket, irqFlags);
            return -ENOSPC;
        }
        int copied = 0;
        for (long element = first; !isEnd(element); element = GuestMemory.getLong(element + NEXT)) {
            Bytes.copy(element + keyOffset, keys + (long) copied * keySize, keySize);
            copyElement(cpu, element, values + (long) copied * sysValueSize(flags), flags);
            copied++;
        }
        if (delete) {
            GuestWords.setLongRelease(bucket, endOf((int) index));
        }
        unlockBucket(cpu, bucket, irqFlags);
        // Elements that are out keep their next until they are free.
        for (long element = first; delete && !isEnd(element); ) {
            long next = GuestMemory.getLong(element + NEXT);
            release(cpu, element);
            element = next;
        }
        return count;
    }

    /** Copies an element's value to user space. */
    abstract void copyElement(Cpu cpu, long element, long to, long flags);

    /** Gives an element that is no longer in the table back to where free ones are. */
    abstract void release(Cpu cpu, long element);

    /** What a program sees as the value of an element on this CPU. */
    abstract long valueOf(Cpu cpu, long element);

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        int index = 0;
        if (key != 0) {
            int hash = hash(key);
            long element = find(key, hash);
            if (element != 0) {
                long next = GuestWords.getLongAcquire(element + NEXT);
                if (!isEnd(next)) {
                    Bytes.copy(next + keyOffset, nextKey, keySize);
                    return 0;
                }
                index = (hash & bucketMask) + 1;
            }
        }
        for (; Integer.compareUnsigned(index, bucketMask) <= 0; index++) {
            long first = GuestWords.getLongAcquire(bucketOf(index));
            if (!isEnd(first)) {
                Bytes.copy(first + keyOffset, nextKey, keySize);
                return 0;
            }
        }
        return -ENOENT;
    }

    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        long visited = 0;
        for (int index = 0; Integer.compareUnsigned(index, bucketMask) <= 0; index++) {
            long element = GuestWords.getLongAcquire(bucketOf(index));
            while (!isEnd(element)) {
                long next = GuestWords.getLongAcquire(element + NEXT);
                visited++;
                if (visitor.visit(cpu, this, element + keyOffset, valueOf(cpu, element)) != 0) {
                    return visited;
                }
                element = next;
            }
        }
        return visited;
    }
}
