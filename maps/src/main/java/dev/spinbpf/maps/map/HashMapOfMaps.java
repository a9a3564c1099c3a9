package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * {@code BPF_MAP_TYPE_HASH_OF_MAPS}: a value is the inner map's address. User space writes and reads the inner map's
 * id; an update replaces it in place.
 */
final class HashMapOfMaps extends PooledHashMap {
    HashMapOfMaps(CheckedMapDef definition) {
        super(definition, Long.BYTES, false);
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        long element = find(key, hash(key));
        return element == 0 ? 0 : GuestWords.getLongAcquire(element + valueOffset);
    }

    @Override
    public int sysValueSize(long flags) {
        return Integer.BYTES;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        long inner = InnerMaps.resolve(this, GuestMemory.getInt(value));
        if (inner < 0) {
            return (int) inner;
        }
        if (Long.compareUnsigned(flags, MapFlags.BPF_EXIST) > 0) {
            return -EINVAL;
        }
        return put(cpu, key, hash(key), inner, flags, false);
    }

    @Override
    long write(
            Cpu cpu, long bucket, long key, int hash, long inner, long flags, boolean onAllCpus, long old, long fresh) {
        if (old != 0) {
            GuestWords.setLongRelease(old + valueOffset, inner);
            return 0;
        }
        long element = takeElement(cpu, key, 0);
        if (element < 0) {
            return element;
        }
        GuestMemory.putLong(element + valueOffset, inner);
        insert(bucket, element, hash);
        return 0;
    }

    @Override
    int takeValue(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }

    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        return -EOPNOTSUPP;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long inner = lookup(cpu, key);
        if (inner == 0) {
            return -ENOENT;
        }
        GuestMemory.putInt(value, InnerMaps.idOf(inner));
        return 0;
    }

    @Override
    void copyElement(Cpu cpu, long element, long to, long flags) {
        GuestMemory.putInt(to, InnerMaps.idOf(GuestMemory.getLong(element + valueOffset)));
    }

    @Override
    void release(Cpu cpu, long element) {
        cpu.fire(HookPoint.ELEMENT_FREE, id(), element);
        pool.give(cpu, element);
    }

    @Override
    long valueOf(Cpu cpu, long element) {
        return GuestMemory.getLong(element + valueOffset);
    }
}
