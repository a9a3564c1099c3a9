package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_LRU_HASH} and {@code BPF_MAP_TYPE_LRU_PERCPU_HASH}: a full map makes room by taking out elements that
 * have not been looked up lately.
 *
 * <p>An element is taken from the {@link LruLists} before the bucket is locked, because that may lock other buckets. So an
 * update that fails may have taken out other elements all the same.
 */
final class LruHashMap extends HashTableMap {
    private final boolean percpuValues;
    private final PercpuValues percpu;
    private final LruLists lru;

    LruHashMap(CheckedMapDef definition) {
        super(definition, HEADER_SIZE + LruNode.SIZE, slotSize(definition), 0);
        percpuValues = type() == MapType.LRU_PERCPU_HASH;
        percpu = new PercpuValues(this, ElementPool.percpuStride(this));
        if (percpuValues) {
            ElementPool.attachPercpuValues(this);
        }
        lru = new LruLists(this);
    }

    private static long slotSize(CheckedMapDef definition) {
        return definition.def().type() == MapType.LRU_PERCPU_HASH
                ? Long.BYTES
                : definition.def().valueSize();
    }

    LruLists lru() {
        return lru;
    }

    @Override
    public boolean isPercpu() {
        return type() == MapType.LRU_PERCPU_HASH;
    }

    private long values(long element) {
        return GuestMemory.getLong(element + valueOffset);
    }

    @Override
    long valueOf(Cpu cpu, long element) {
        return percpuValues ? percpu.of(values(element), cpu.id()) : element + valueOffset;
    }

    // Finding.

    private long findAndMark(long key) {
        long element = find(key, hash(key));
        if (element != 0) {
            LruNode.markReferenced(LruNode.of(element));
        }
        return element;
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        long element = findAndMark(key);
        return element == 0 ? 0 : valueOf(cpu, element);
    }

    @Override
    public long lookupPercpu(Cpu cpu, long key, int cpuId) {
        if (!percpuValues || Integer.compareUnsigned(cpuId, cpuCount) >= 0) {
            return 0;
        }
        long element = findAndMark(key);
        return element == 0 ? 0 : percpu.of(values(element), cpuId);
    }

    @Override
    void copyElement(Cpu cpu, long element, long to, long flags) {
        if (percpuValues) {
            percpu.copyOut(values(element), to, flags);
        } else {
            layout().copy(element + valueOffset, to);
            layout().initialize(to);
        }
    }

    // Changing.

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        return percpuValues ? updatePercpu(cpu, key, value, flags, false) : updateValueOf(cpu, key, value, flags);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        if (!percpuValues) {
            return update(cpu, key, value, flags);
        }
        if ((flags & MapFlags.BPF_F_LOCK) != 0
                || Long.compareUnsigned(flags & 0xffffffffL, MapFlags.BPF_F_ALL_CPUS) > 0) {
            return -EINVAL;
        }
        requireReadable(value, sysValueSize(flags));
        return updatePercpu(cpu, key, value, flags, true);
    }

    /** Takes an element for a key; 0 if none can be had. */
    private long take(Cpu cpu, long key, int hash) {
        long element = lru.popFree(cpu, hash);
        if (element != 0) {
            countElement(cpu, 1);
            Bytes.copy(key, element + keyOffset, keySize);
        }
        return element;
    }

    private int updateValueOf(Cpu cpu, long key, long value, long flags) {
        int hash = hash(key);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        long element = take(cpu, key, hash);
        if (element == 0) {
            return -ENOMEM;
        }
        layout().copy(value, element + valueOffset);
        long bucket = bucketOf(hash);
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            release(cpu, element);
            return error;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), key);
        long old = findLocked(bucket, key, hash);
        error = checkExistence(old, flags);
        if (error == 0) {
            insert(bucket, element, hash);
            if (old != 0) {
                LruNode.markReferenced(LruNode.of(element));
                unlink(bucket, old);
            }
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            release(cpu, element);
        } else if (old != 0) {
            release(cpu, old);
        }
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), key);
        return error;
    }

    private int updatePercpu(Cpu cpu, long key, long value, long flags, boolean onAllCpus) {
        int hash = hash(key);
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        long spare = 0;
        if (flags != MapFlags.BPF_EXIST) {
            spare = take(cpu, key, hash);
            if (spare == 0) {
                return -ENOMEM;
            }
        }
        long bucket = bucketOf(hash);
        long irqFlags = cpu.irqSave();
        int error = lockBucket(cpu, bucket, irqFlags);
        if (error != 0) {
            giveBack(cpu, spare);
            return error;
        }
        cpu.fire(HookPoint.MAP_UPDATE_UNDER_LOCK, id(), key);
        long old = findLocked(bucket, key, hash);
        error = checkExistence(old, flags);
        if (error == 0 && old != 0) {
            LruNode.markReferenced(LruNode.of(old));
            percpu.write(cpu, value, values(old), flags, onAllCpus);
        } else if (error == 0) {
            percpu.initialize(cpu, value, values(spare), flags, onAllCpus);
            insert(bucket, spare, hash);
            spare = 0;
        }
        unlockBucket(cpu, bucket, irqFlags);
        giveBack(cpu, spare);
        cpu.fire(HookPoint.MAP_UPDATE_AFTER_LOCK, id(), key);
        return error;
    }

    private void giveBack(Cpu cpu, long element) {
        if (element != 0) {
            countElement(cpu, -1);
            lru.pushFree(cpu, element);
        }
    }

    @Override
    void release(Cpu cpu, long element) {
        cancelFieldsOf(cpu, element);
        giveBack(cpu, element);
    }

    private void cancelFieldsOf(Cpu cpu, long element) {
        if (percpuValues) {
            percpu.cancelFields(cpu, values(element));
        } else {
            cancelFields(cpu, element + valueOffset);
        }
    }

    /**
     * {@code htab_lru_map_delete_node}: takes an element out of the map to use it again; false if it is not there (any more, or
     * yet) or its bucket's lock fails.
     */
    boolean evict(Cpu cpu, long element) {
        long bucket = bucketOf(LruNode.hash(LruNode.of(element)));
        long irqFlags = cpu.irqSave();
        if (lockBucket(cpu, bucket, irqFlags) != 0) {
            return false;
        }
        boolean found = unlink(bucket, element);
        if (found) {
            countElement(cpu, -1);
        }
        unlockBucket(cpu, bucket, irqFlags);
        if (found) {
            cancelFieldsOf(cpu, element);
        }
        return found;
    }
}
