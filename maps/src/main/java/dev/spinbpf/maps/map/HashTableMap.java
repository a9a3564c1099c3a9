package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOSPC;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.memory.GuestMemoryExhaustedException;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * The hash table under all kinds of hash map.
 *
 * <p>A bucket is a link that heads a list of elements, and an rqspinlock. Writers of a bucket hold its lock with
 * interrupts disabled. Readers hold nothing, so elements may be taken out and used again under their feet. An element
 * that is taken out keeps its link to the next one, which is marked {@link #REMOVED}; a reader that finds that mark
 * starts over, and so does one that finds the key changed after the hash was right. A list ends in a link that names
 * its bucket, so that a reader that was carried into another bucket all the same, because the element that it stands on
 * was used again between two looks, notices there. The hash and the link are one word, which is read and written as a
 * whole. As in Linux, a reader that is past the head when a value is replaced, and comes to the old element's place
 * when that is gone, finds neither.
 *
 * <pre>
 *   bucket:   head link(4) lock(4)
 *   element:  hash(4) next link(4) [list node of an LRU (24)] key value
 *   link:     0 none | number of an element (30) | END + number of the bucket (28); in an element also REMOVED
 * </pre>
 *
 * The header is short, a sixth of the kernel's, since with small elements memory and caches are what a lookup costs. A
 * bucket that nothing was ever put into is zero, so that making a large table writes nothing. Elements of a
 * pre-allocated map are numbered in their array; those of the others by their place in guest memory, at multiples of
 * {@link #granule}. A free element of a pre-allocated hash has the number of the next free one in place of its hash.
 * Key and value begin at multiples of eight. The value slot of a per-CPU map holds the address of CPU 0's value.
 */
abstract sealed class HashTableMap extends BpfMap permits LruHashMap, PooledHashMap {
    static final int HEADER_SIZE = 8;

    private static final int BUCKET_SHIFT = 3;
    private static final int BUCKET_LOCK = 4;

    private static final int END = 1 << 31;
    private static final int REMOVED = 1 << 30;
    private static final int NUMBER = REMOVED - 1;

    final int keyOffset;
    final int valueOffset;

    /** The distance between elements in bytes, a multiple of {@link #granule} where they come one by one. */
    final long elementSize;

    /** The elements of a pre-allocated map; else 0. */
    final long elements;

    private final long linkBase;
    private final long linkUnit;
    private final int linkShift;
    private final long linkInverse;
    private final long buckets;
    private final int bucketMask;
    private final int seed;
    private final long elementCounts;
    private final LockClass bucketLocks;

    /**
     * @param headerSize bytes before the key, a multiple of eight
     * @param valueSlotSize bytes that the value takes in the element
     * @param spareElements how many elements more than entries a pre-allocated map has
     */
    HashTableMap(CheckedMapDef definition, int headerSize, long valueSlotSize, int spareElements) {
        super(definition);
        keyOffset = headerSize;
        valueOffset = headerSize + (int) Bytes.roundUp8(keySize);
        elementSize = valueOffset + Bytes.roundUp8(valueSlotSize);
        if (hasFlag(MapFlags.BPF_F_NO_PREALLOC)) {
            elements = 0;
            linkUnit = granule();
            linkBase = 0;
        } else {
            long count = maxEntries() + spareElements;
            if (count >= NUMBER) {
                throw new GuestMemoryExhaustedException(
                        count + " pre-allocated elements, at most " + NUMBER + " are supported");
            }
            elements = arena().allocate(elementSize * count, PercpuCounter.STRIDE);
            linkUnit = elementSize;
            linkBase = elements - elementSize;
        }
        linkShift = Long.numberOfTrailingZeros(linkUnit);
        linkInverse = inverse(linkUnit >>> linkShift);
        long bucketCount = bucketCount(maxEntries());
        bucketMask = (int) (bucketCount - 1);
        seed = hasFlag(MapFlags.BPF_F_ZERO_SEED) ? 0 : environment().hashSeeds().getAsInt();
        buckets = arena().allocate(bucketCount << BUCKET_SHIFT, 64);
        elementCounts = arena().allocate((long) PercpuCounter.STRIDE * cpuCount, 64);
        bucketLocks = lockClass(LockKind.BUCKET);
    }

    static long bucketCount(long maxEntries) {
        return maxEntries <= 1 ? 1 : Long.highestOneBit(maxEntries - 1) << 1;
    }

    /**
     * Elements that come one by one lie at multiples of this: the least, from 16 on, that numbers all of guest memory.
     */
    static long granule() {
        long granule = 16;
        while (GuestMemory.endAddress() / granule > NUMBER) {
            granule <<= 1;
        }
        return granule;
    }

    // Links.

    /** The inverse of an odd number modulo 2^64: multiplied by it, a multiple is divided without a remainder. */
    private static long inverse(long odd) {
        long inverse = odd;
        for (int bits = 3; bits < Long.SIZE; bits *= 2) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }

    /** The address of the element that a link names. */
    final long elementAt(int link) {
        return linkBase + (link & NUMBER) * linkUnit;
    }

    /** The link that names an element, at least 1. */
    final int linkTo(long element) {
        return (int) ((element - linkBase >>> linkShift) * linkInverse);
    }

    private static int endOf(int bucketIndex) {
        return END | bucketIndex;
    }

    private static boolean isElement(int link) {
        return link > 0;
    }

    private static long header(int hash, int next) {
        return (long) next << Integer.SIZE | hash & 0xffff_ffffL;
    }

    /** Returns the link that follows an element, whether that was taken out or not. */
    private static int next(long header) {
        return (int) (header >>> Integer.SIZE) & ~REMOVED;
    }

    /** An element's hash, once it has one and while it is not in a free list. */
    static int hashOf(long element) {
        return GuestMemory.getInt(element);
    }

    /**
     * Gives an element that is not in the table a hash, or a free one the number of another; readers may still stand on
     * it.
     */
    static void setHash(long element, int hash) {
        GuestMemory.setLongOpaque(element, GuestMemory.getLong(element) & 0xffff_ffff_0000_0000L | hash & 0xffff_ffffL);
    }

    final int hash(long key) {
        return JenkinsHash.hash(key, keySize, seed);
    }

    final long bucketOf(int hash) {
        return buckets + ((long) (hash & bucketMask) << BUCKET_SHIFT);
    }

    /** Returns how many elements the map holds, as {@code bpf_map_sum_elem_count} would say. */
    @Override
    public final long entryCount() {
        return PercpuCounter.sum(elementCounts, cpuCount);
    }

    final void countElement(Cpu cpu, int change) {
        PercpuCounter.add(elementCounts, cpu, change);
    }

    // Finding.

    /** Finds an element while others may change the table; 0 if there is none. */
    final long find(long key, int hash) {
        long bucket = bucketOf(hash);
        int end = endOf(hash & bucketMask);
        int link;
        do {
            link = GuestWords.getIntAcquire(bucket);
            while (isElement(link)) {
                long element = elementAt(link);
                long header = GuestWords.getLongAcquire(element);
                link = (int) (header >>> Integer.SIZE);
                if ((link & REMOVED) != 0) {
                    break;
                }
                if ((int) header == hash) {
                    if (Bytes.equal(element + keyOffset, key, keySize)) {
                        return element;
                    }
                    if (GuestWords.getLongAcquire(element) != header) {
                        link = REMOVED;
                        break;
                    }
                }
            }
        } while (link != end && link != 0);
        return 0;
    }

    /** Finds an element under the bucket's lock; 0 if there is none. */
    final long findLocked(long bucket, long key, int hash) {
        int link = GuestMemory.getInt(bucket);
        while (isElement(link)) {
            long element = elementAt(link);
            long header = GuestMemory.getLong(element);
            if ((int) header == hash && Bytes.equal(element + keyOffset, key, keySize)) {
                return element;
            }
            link = next(header);
        }
        return 0;
    }

    // Changing, under the bucket's lock.

    /** Puts an element first, where a reader finds it before an older one with the same key. */
    final void insert(long bucket, long element, int hash) {
        int first = GuestMemory.getInt(bucket);
        GuestWords.setLongRelease(element, header(hash, first == 0 ? endOf(hash & bucketMask) : first));
        GuestWords.setIntRelease(bucket, linkTo(element));
    }

    /** Takes an element out; false if it is not in this bucket. */
    final boolean unlink(long bucket, long element) {
        int wanted = linkTo(element);
        int link = GuestMemory.getInt(bucket);
        if (link == wanted) {
            GuestWords.setIntRelease(bucket, next(GuestMemory.getLong(element)));
            markRemoved(element);
            return true;
        }
        while (isElement(link)) {
            long at = elementAt(link);
            long header = GuestMemory.getLong(at);
            link = next(header);
            if (link == wanted) {
                GuestWords.setLongRelease(at, header((int) header, next(GuestMemory.getLong(element))));
                markRemoved(element);
                return true;
            }
        }
        return false;
    }

    /** Sends readers that stand on an element back, now that it cannot be reached any more. */
    private static void markRemoved(long element) {
        GuestWords.setLongRelease(element, GuestMemory.getLong(element) | (long) REMOVED << Integer.SIZE);
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

    // Updates and deletions: hook, lock, find, change, unlock, release, hook.

    /**
     * Makes or replaces an element: the one frame of all updates. {@link #prepare} runs before the bucket's lock and
     * {@link #write} under it; both are the kind's own.
     *
     * @param hash the key's hash
     * @param value what {@link #prepare} and {@link #write} take it to be
     * @param onAllCpus whether the value is one for each CPU, laid out as user space does it; per-CPU maps only
     */
    final int put(Cpu cpu, long key, int hash, long value, long flags, boolean onAllCpus) {
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        long fresh = prepare(cpu, key, hash, value, flags);
        if (fresh < 0) {
            return (int) fresh;
        }
        long bucket = bucketOf(hash);
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            discardIfAny(cpu, fresh);
            return error;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), key);
        long old = findLocked(bucket, key, hash);
        error = checkExistence(old, flags);
        long surplus = error != 0 ? fresh : write(cpu, bucket, key, hash, value, flags, onAllCpus, old, fresh);
        if (error == 0 && surplus >= 0) {
            ElementEvents.put(this, key, old != 0);
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (surplus < 0) {
            error = (int) surplus;
        } else {
            discardIfAny(cpu, surplus);
        }
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), key);
        return error;
    }

    /** An update, without BPF_F_LOCK, by a value such as programs have. */
    final int putValue(Cpu cpu, long key, long value, long flags) {
        if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        return put(cpu, key, hash(key), value, flags, false);
    }

    /** User space's update of an element in a per-CPU map, by values for the CPUs that the flags name. */
    final int putPercpuValues(Cpu cpu, long key, long value, long flags) {
        if (!PercpuValues.areFlagsValid(flags)) {
            return -EINVAL;
        }
        requireReadable(value, sysValueSize(flags));
        return put(cpu, key, hash(key), value, flags, true);
    }

    /**
     * Takes and fills an element before the bucket is locked, where the kind does that.
     *
     * @return the element, 0 for none, or a negative errno value, with which the update ends
     */
    long prepare(Cpu cpu, long key, int hash, long value, long flags) {
        return 0;
    }

    /**
     * Writes the value, under the bucket's lock and after the flags were found to allow it.
     *
     * @param old the element that has the key, or 0
     * @param fresh what {@link #prepare} returned
     * @return an element that is not, or no longer, in the table and to be discarded; 0 for none; or a negative errno
     *     value
     */
    abstract long write(
            Cpu cpu, long bucket, long key, int hash, long value, long flags, boolean onAllCpus, long old, long fresh);

    private void discardIfAny(Cpu cpu, long element) {
        if (element != 0) {
            discard(cpu, element);
        }
    }

    /** Releases an element that an update has no use for: what it prepared in vain, or replaced. */
    void discard(Cpu cpu, long element) {
        release(cpu, element);
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return remove(cpu, key, 0, 0);
    }

    @Override
    int takeValue(Cpu cpu, long key, long value, long flags) {
        requireReadable(value, sysValueSize(0));
        return remove(cpu, key, value, flags);
    }

    /** Removes an element: the one frame of all deletions. Copies the value to {@code copyTo} unless that is 0. */
    private int remove(Cpu cpu, long key, long copyTo, long flags) {
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
            if (copyTo != 0) {
                copyElement(cpu, element, copyTo, flags);
            }
            unlink(bucket, element);
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (element != 0) {
            release(cpu, element);
        }
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), key);
        return element == 0 ? -ENOENT : 0;
    }

    // Copying out and walking.

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
        if (!isElement(GuestWords.getIntAcquire(bucket))) {
            return 0;
        }
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            return error;
        }
        int first = GuestMemory.getInt(bucket);
        int count = 0;
        for (int link = first; isElement(link); link = next(GuestMemory.getLong(elementAt(link)))) {
            count++;
        }
        if (Integer.compareUnsigned(count, room) > 0) {
            unlockBucket(cpu, bucket, irqFlags);
            return -ENOSPC;
        }
        int copied = 0;
        for (int link = first; isElement(link); link = next(GuestMemory.getLong(elementAt(link)))) {
            long element = elementAt(link);
            Bytes.copy(element + keyOffset, keys + (long) copied * keySize, keySize);
            copyElement(cpu, element, values + (long) copied * sysValueSize(flags), flags);
            copied++;
        }
        if (delete) {
            GuestWords.setIntRelease(bucket, endOf((int) index));
        }
        for (int link = first; delete && isElement(link); link = next(GuestMemory.getLong(elementAt(link)))) {
            markRemoved(elementAt(link));
        }
        unlockBucket(cpu, bucket, irqFlags);
        for (int link = first; delete && isElement(link); ) {
            long element = elementAt(link);
            link = next(GuestMemory.getLong(element));
            release(cpu, element);
        }
        return count;
    }

    /** Copies an element's value to user space. */
    abstract void copyElement(Cpu cpu, long element, long to, long flags);

    /** Frees an element that is no longer in the table. */
    abstract void release(Cpu cpu, long element);

    /** Returns the value of an element as a program on this CPU sees it. */
    abstract long valueOf(Cpu cpu, long element);

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        int index = 0;
        if (key != 0) {
            int hash = hash(key);
            long element = find(key, hash);
            long header = element == 0 ? 0 : GuestWords.getLongAcquire(element);
            boolean stays = (header >>> Integer.SIZE & REMOVED) == 0 && (int) header == hash;
            if (element != 0 && stays) {
                int next = next(header);
                if (isElement(next)) {
                    Bytes.copy(elementAt(next) + keyOffset, nextKey, keySize);
                    return 0;
                }
                index = (hash & bucketMask) + 1;
            }
        }
        for (; Integer.compareUnsigned(index, bucketMask) <= 0; index++) {
            int first = GuestWords.getIntAcquire(bucketOf(index));
            if (isElement(first)) {
                Bytes.copy(elementAt(first) + keyOffset, nextKey, keySize);
                return 0;
            }
        }
        return -ENOENT;
    }

    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        long visited = 0;
        for (int index = 0; Integer.compareUnsigned(index, bucketMask) <= 0; index++) {
            int link = GuestWords.getIntAcquire(bucketOf(index));
            while (isElement(link)) {
                long element = elementAt(link);
                link = next(GuestWords.getLongAcquire(element));
                visited++;
                if (visitor.visit(cpu, this, element + keyOffset, valueOf(cpu, element)) != 0) {
                    return visited;
                }
            }
        }
        return visited;
    }
}
