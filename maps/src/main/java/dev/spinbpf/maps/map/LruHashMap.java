package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_LRU_HASH} and {@code BPF_MAP_TYPE_LRU_PERCPU_HASH}: a full map makes room by taking out elements
 * that have not been looked up lately.
 *
 * <p>An element is taken from the {@link LruElementPool} before the bucket is locked, because that may lock other
 * buckets. So an update that fails may have taken out other elements all the same.
 */
final class LruHashMap extends HashTableMap {
    private final boolean percpuValues;
    private final PercpuValues percpu;
    private final LruElementPool pool;

    LruHashMap(CheckedMapDef definition) {
        super(definition, HEADER_SIZE + LruNode.SIZE, slotSize(definition), 0);
        percpuValues = type() == MapType.LRU_PERCPU_HASH;
        percpu = new PercpuValues(this, ElementPool.percpuStride(this));
        if (percpuValues) {
            ElementPool.attachPercpuValues(this);
        }
        pool = new LruElementPool(this);
    }

    private static long slotSize(CheckedMapDef definition) {
        return definition.def().type() == MapType.LRU_PERCPU_HASH
                ? Long.BYTES
                : definition.def().valueSize();
    }

    LruElementPool pool() {
        return pool;
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
        return putValue(cpu, key, value, flags);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        return percpuValues ? putPercpuValues(cpu, key, value, flags) : putValue(cpu, key, value, flags);
    }

    @Override
    long prepare(Cpu cpu, long key, int hash, long value, long flags) {
        if (percpuValues && flags == MapFlags.BPF_EXIST) {
            return 0;
        }
        long element = pool.take(cpu, hash);
        if (element == 0) {
            return -ENOMEM;
        }
        countElement(cpu, 1);
        Bytes.copy(key, element + keyOffset, keySize);
        if (!percpuValues) {
            layout().copy(value, element + valueOffset);
        }
        return element;
    }

    @Override
    long write(
            Cpu cpu, long bucket, long key, int hash, long value, long flags, boolean onAllCpus, long old, long fresh) {
        if (old != 0 && percpuValues) {
            LruNode.markReferenced(LruNode.of(old));
            percpu.write(cpu, value, values(old), flags, onAllCpus);
            return fresh;
        }
        if (percpuValues) {
            percpu.initialize(cpu, value, values(fresh), flags, onAllCpus);
        }
        insert(bucket, fresh, hash);
        if (old != 0) {
            LruNode.markReferenced(LruNode.of(fresh));
            unlink(bucket, old);
        }
        return old;
    }

    private void giveBack(Cpu cpu, long element) {
        countElement(cpu, -1);
        pool.release(cpu, element);
    }

    /** In a per-CPU map nothing but a prepared element is discarded, whose fields nobody has set. */
    @Override
    void discard(Cpu cpu, long element) {
        if (percpuValues) {
            giveBack(cpu, element);
        } else {
            release(cpu, element);
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
     * {@code htab_lru_map_delete_node}: takes an element out of the map to use it again; false if it is not there (any
     * more, or yet) or its bucket's lock fails.
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
