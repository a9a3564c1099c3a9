package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_HASH}: an update makes a new element and puts it before the old one, so that a reader sees either
 * value whole; with BPF_F_LOCK it writes the old one in place, under the value's lock.
 */
final class HashMapOfValues extends PooledHashMap {
    HashMapOfValues(CheckedMapDef definition) {
        super(definition, definition.def().valueSize(), true);
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        long element = find(key, hash(key));
        return element == 0 ? 0 : element + valueOffset;
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        if (Long.compareUnsigned(flags & ~MapFlags.BPF_F_LOCK, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        requireReadable(value, valueSize);
        int hash = hash(key);
        if ((flags & MapFlags.BPF_F_LOCK) != 0) {
            if (!layout().hasSpinLock()) {
                return -EINVAL;
            }
            long old = find(key, hash);
            int error = checkExistence(old, flags);
            if (error == 0 && old != 0) {
                error = updateInPlace(cpu, old, value);
                ElementEvents.put(this, key, true);
            }
            if (error != 0 || old != 0) {
                return error;
            }
        }
        return put(cpu, key, hash, value, flags, false);
    }

    private int updateInPlace(Cpu cpu, long element, long value) {
        copyLocked(cpu, value, element + valueOffset, element + valueOffset);
        return 0;
    }

    @Override
    long write(
            Cpu cpu, long bucket, long key, int hash, long value, long flags, boolean onAllCpus, long old, long fresh) {
        if (old != 0 && (flags & MapFlags.BPF_F_LOCK) != 0) {
            return updateInPlace(cpu, old, value);
        }
        long element = takeElement(cpu, key, old);
        if (element < 0) {
            return element;
        }
        layout().copy(value, element + valueOffset);
        insert(bucket, element, hash);
        if (old == 0) {
            return 0;
        }
        unlink(bucket, old);
        if (!pool.isPreallocated()) {
            return old;
        }
        cancelFields(cpu, old + valueOffset);
        pool.retire(cpu, old);
        return 0;
    }

    @Override
    void copyElement(Cpu cpu, long element, long to, long flags) {
        copyOut(cpu, element + valueOffset, to, flags);
    }

    @Override
    void release(Cpu cpu, long element) {
        cpu.fire(HookPoint.ELEMENT_FREE, id(), element);
        cancelFields(cpu, element + valueOffset);
        pool.give(cpu, element);
    }

    @Override
    long valueOf(Cpu cpu, long element) {
        return element + valueOffset;
    }
}
