package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockKind;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_TASK_STORAGE}, and its kin for sockets, inodes and cgroups: a value for each owner. The values of one
 * owner in all maps hang on the owner's storage. User space has a handle of tasks alone; any other is -EBADF.
 *
 * <p>A value is in two lists: that of its owner's storage, under the storage's rqspinlock, by which it is found, and
 * one of the map's buckets, under the bucket's, by which the map finds its values when it goes away. A writer takes the
 * storage's lock first and the bucket's lock inside it; if either fails nothing has changed. Readers take no lock: an
 * owner's list ends in a word that is odd and names the storage, so that a reader that was carried away with a value
 * that was freed and used again begins again. What the reader found last is kept in one of the storage's cache slots.
 *
 * <p>In Linux the storage is allocated with the owner's first value and freed with its last one. Here it belongs to the
 * owner ({@link #STORAGE_SIZE} bytes, zero at first), so that the first value takes both locks as any other does, and
 * no update returns -EAGAIN because the storage is just going away.
 *
 * <pre>
 *   storage:  lock(4) -(4) list(8) cached value(8) * 16
 *   bucket:   list(8) lock(4) -(4)
 *   element:  next of the owner(8) next of the bucket(8) storage(8) map id(4) linked(4) free link(8) value
 * </pre>
 */
public final class LocalStorageMap extends BpfMap {
    /** Bytes of the storage that an owner has, zero at first and aligned to 64. */
    public static final int STORAGE_SIZE = 192;

    private static final int STORAGE_LIST = 8;
    private static final int STORAGE_CACHE = 16;
    private static final int CACHE_SLOTS = 16;

    private static final int BUCKET_SIZE = 16;
    private static final int BUCKET_LOCK = 8;

    private static final int MAP_NEXT = 8;
    private static final int STORAGE = 16;
    private static final int MAP_ID = 24;
    private static final int LINKED = 28;
    private static final int FREE_NEXT = 32;
    private static final int VALUE = 40;

    private final long buckets;
    private final int bucketMask;
    private final int cacheSlot;
    private final ElementCache elements;
    private final LockClass storageLocks;
    private final LockClass bucketLocks;

    LocalStorageMap(CheckedMapDef definition) {
        super(definition);
        int bucketCount = Math.max(2, (int) HashTableMap.bucketCount(cpuCount));
        bucketMask = bucketCount - 1;
        buckets = arena().allocate((long) BUCKET_SIZE * bucketCount, 64);
        cacheSlot = STORAGE_CACHE + id() % CACHE_SLOTS * Long.BYTES;
        elements = new ElementCache(this, VALUE + Bytes.roundUp8(valueSize), FREE_NEXT);
        storageLocks = lockClass(LockKind.STORAGE);
        bucketLocks = lockClass(LockKind.BUCKET);
    }

    private long bucketOf(long storage) {
        long mixed = storage * 0x61C8864680B583EBL;
        return buckets + (mixed >>> 32 & bucketMask) * BUCKET_SIZE;
    }

    // Finding.

    private static boolean isEnd(long element) {
        return element == 0 || (element & 1) != 0;
    }

    private boolean isOf(long element, long storage) {
        return GuestMemory.getInt(element + MAP_ID) == id() && GuestMemory.getLongOpaque(element + STORAGE) == storage;
    }

    /** The owner's element in this map, or 0. */
    private long find(long storage) {
        long cached = GuestWords.getLongAcquire(storage + cacheSlot);
        if (cached != 0 && isOf(cached, storage)) {
            return cached;
        }
        while (true) {
            long element = GuestWords.getLongAcquire(storage + STORAGE_LIST);
            while (!isEnd(element)) {
                if (isOf(element, storage)) {
                    return element;
                }
                element = GuestWords.getLongAcquire(element);
            }
            if (element == 0 || element == (storage | 1)) {
                return 0;
            }
        }
    }

    /** Remembers what was found; not if the lock fails, nor if it is an owner's value no longer. */
    private void cache(Cpu cpu, long storage, long element) {
        if (GuestWords.getLongOpaque(storage + cacheSlot) == element) {
            return;
        }
        long irqFlags = cpu.irqSave();
        if (locks.lockIrqsave(cpu, storage, storageLocks, irqFlags) != 0) {
            return;
        }
        if (isLinked(element, storage)) {
            GuestWords.setLongRelease(storage + cacheSlot, element);
        }
        locks.unlockIrqrestore(cpu, storage, irqFlags);
    }

    private boolean isLinked(long element, long storage) {
        return GuestMemory.getInt(element + LINKED) != 0 && isOf(element, storage);
    }

    /**
     * {@code bpf_task_storage_get}.
     *
     * @param storage address of the owner's storage, or 0
     * @param value address of the value to begin with, or 0 for zeros
     * @param flags 0 or {@link MapFlags#BPF_LOCAL_STORAGE_GET_F_CREATE}
     * @return address of the owner's value, or 0: there is none, there is no memory or a lock failed
     */
    public long get(Cpu cpu, long storage, long value, long flags) {
        if ((flags & ~MapFlags.BPF_LOCAL_STORAGE_GET_F_CREATE) != 0 || storage == 0) {
            return 0;
        }
        long element = find(storage);
        if (element != 0) {
            cache(cpu, storage, element);
            return element + VALUE;
        }
        if (flags == 0) {
            return 0;
        }
        long made = put(cpu, storage, value, MapFlags.BPF_NOEXIST);
        return made < 0 ? 0 : made + VALUE;
    }

    /**
     * {@code bpf_task_storage_delete}.
     *
     * @return 0, -EINVAL no owner, -ENOENT no value, -EOPNOTSUPP in an NMI, -EDEADLK or -ETIMEDOUT a lock failed, the
     *     value stays
     */
    public int remove(Cpu cpu, long storage) {
        if (storage == 0) {
            return -EINVAL;
        }
        long element = find(storage);
        if (element == 0) {
            return -ENOENT;
        }
        if (cpu.inNmi()) {
            return -EOPNOTSUPP;
        }
        cpu.fire(HookPoint.MAP_DELETE_BEFORE_LOCK, id(), 0);
        int error = unlink(cpu, storage, element);
        cpu.fire(HookPoint.MAP_DELETE_AFTER_LOCK, id(), 0);
        return error;
    }

    // Changing.

    /** {@code bpf_local_storage_update}: the element, or a negative errno value. */
    private long put(Cpu cpu, long storage, long value, long flags) {
        long fresh = elements.allocate(cpu);
        if (fresh == 0) {
            return -ENOMEM;
        }
        Bytes.zero(fresh + VALUE, valueSize);
        if (value != 0) {
            layout().copy(value, fresh + VALUE);
        }
        GuestMemory.putInt(fresh + MAP_ID, id());
        GuestMemory.setLongOpaque(fresh + STORAGE, storage);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), 0);
        long irqFlags = cpu.irqSave();
        int error = locks.lockIrqsave(cpu, storage, storageLocks, irqFlags);
        if (error != 0) {
            elements.free(cpu, fresh);
            return error;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), 0);
        long old = find(storage);
        boolean inPlace = old != 0 && (flags & MapFlags.BPF_F_LOCK) != 0;
        error = checkExistence(old, flags);
        if (error == 0 && inPlace) {
            copyLocked(cpu, value, old + VALUE, old + VALUE);
        } else if (error == 0) {
            error = link(cpu, storage, fresh, old);
        }
        locks.unlockIrqrestore(cpu, storage, irqFlags);
        if (error != 0 || inPlace) {
            elements.free(cpu, fresh);
        } else if (old != 0) {
            elements.free(cpu, old);
        }
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), 0);
        return error != 0 ? error : inPlace ? old : fresh;
    }

    /** Puts an element where the old one was, if there was one; under the storage's lock. */
    private int link(Cpu cpu, long storage, long fresh, long old) {
        long bucket = bucketOf(storage);
        long irqFlags = cpu.irqSave();
        int error = locks.lockIrqsave(cpu, bucket + BUCKET_LOCK, bucketLocks, irqFlags);
        if (error != 0) {
            return error;
        }
        GuestMemory.putLong(fresh + MAP_NEXT, GuestMemory.getLong(bucket));
        GuestMemory.putLong(bucket, fresh);
        GuestMemory.putInt(fresh + LINKED, 1);
        long first = GuestMemory.getLong(storage + STORAGE_LIST);
        GuestMemory.setLongOpaque(fresh, first == 0 ? storage | 1 : first);
        GuestWords.setLongRelease(storage + STORAGE_LIST, fresh);
        if (old != 0) {
            unlinkLocked(storage, bucket, old);
        }
        locks.unlockIrqrestore(cpu, bucket + BUCKET_LOCK, irqFlags);
        return 0;
    }

    /** {@code bpf_selem_unlink}: takes an element out of both lists and frees it. */
    private int unlink(Cpu cpu, long storage, long element) {
        long irqFlags = cpu.irqSave();
        int error = locks.lockIrqsave(cpu, storage, storageLocks, irqFlags);
        if (error != 0) {
            return error;
        }
        cpu.fire(HookPoint.MAP_DELETE_UNDER_LOCK, id(), 0);
        boolean linked = isLinked(element, storage);
        if (linked) {
            long bucket = bucketOf(storage);
            long bucketFlags = cpu.irqSave();
            error = locks.lockIrqsave(cpu, bucket + BUCKET_LOCK, bucketLocks, bucketFlags);
            if (error == 0) {
                unlinkLocked(storage, bucket, element);
                locks.unlockIrqrestore(cpu, bucket + BUCKET_LOCK, bucketFlags);
            }
        }
        locks.unlockIrqrestore(cpu, storage, irqFlags);
        if (linked && error == 0) {
            elements.free(cpu, element);
        }
        return error;
    }

    /** Takes an element out of both lists and the cache, under both locks. */
    private void unlinkLocked(long storage, long bucket, long element) {
        takeOut(bucket, element, MAP_NEXT);
        unlinkStorage(storage, element);
    }

    private void unlinkStorage(long storage, long element) {
        if (GuestMemory.getLong(storage + cacheSlot) == element) {
            GuestWords.setLongOpaque(storage + cacheSlot, 0);
        }
        takeOut(storage + STORAGE_LIST, element, 0);
        GuestMemory.putInt(element + LINKED, 0);
    }

    private static void takeOut(long list, long element, int linkOffset) {
        long at = list;
        while (GuestMemory.getLong(at) != element) {
            at = GuestMemory.getLong(at) + linkOffset;
        }
        GuestWords.setLongRelease(at, GuestMemory.getLong(element + linkOffset));
    }

    // User space, by the owner's handle.

    private long storageOf(long key) {
        return type() == MapType.TASK_STORAGE ? environment().owners().storageOf(GuestMemory.getInt(key)) : 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long storage = storageOf(key);
        if (storage == 0) {
            return -EBADF;
        }
        long found = get(cpu, storage, 0, 0);
        if (found == 0) {
            return -ENOENT;
        }
        copyOut(cpu, found, value, flags);
        return 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        long storage = storageOf(key);
        if (storage == 0) {
            return -EBADF;
        }
        if (Long.compareUnsigned(flags & ~MapFlags.BPF_F_LOCK, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        long element = put(cpu, storage, value, flags);
        return element < 0 ? (int) element : 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        long storage = storageOf(key);
        return storage == 0 ? -EBADF : remove(cpu, storage);
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        return -ENOTSUPP;
    }

    /** Returns how many owners have a value: right only while nothing runs. */
    long ownerCount() {
        long count = 0;
        for (long bucket = buckets; bucket <= buckets + (long) bucketMask * BUCKET_SIZE; bucket += BUCKET_SIZE) {
            for (long at = GuestMemory.getLong(bucket); at != 0; at = GuestMemory.getLong(at + MAP_NEXT)) {
                count++;
            }
        }
        return count;
    }

    ElementCache elements() {
        return elements;
    }

    /** Takes the map's values off their owners, then frees all; nothing may use the map or its owners meanwhile. */
    @Override
    public void close() {
        for (long bucket = buckets; bucket <= buckets + (long) bucketMask * BUCKET_SIZE; bucket += BUCKET_SIZE) {
            for (long at = GuestMemory.getLong(bucket); at != 0; at = GuestMemory.getLong(at + MAP_NEXT)) {
                unlinkStorage(GuestMemory.getLong(at + STORAGE), at);
            }
        }
        super.close();
    }
}
