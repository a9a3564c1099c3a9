package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestMemory;

/** {@code BPF_MAP_TYPE_PERCPU_HASH}: values are written in place, because only their CPU uses them. */
final class PercpuHashMap extends PooledHashMap {
    private final PercpuValues percpu;

    PercpuHashMap(CheckedMapDef definition) {
        super(definition, Long.BYTES, false);
        percpu = new PercpuValues(this, ElementPool.percpuStride(this));
    }

    @Override
    public boolean isPercpu() {
        return true;
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        long element = find(key, hash(key));
        return element == 0 ? 0 : valueOf(cpu, element);
    }

    @Override
    public long lookupPercpu(Cpu cpu, long key, int cpuId) {
        long element = Integer.compareUnsigned(cpuId, cpuCount) < 0 ? find(key, hash(key)) : 0;
        return element == 0 ? 0 : percpu.of(values(element), cpuId);
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        return putValue(cpu, key, value, flags);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        return putPercpuValues(cpu, key, value, flags);
    }

    @Override
    long write(
            Cpu cpu, long bucket, long key, int hash, long value, long flags, boolean onAllCpus, long old, long fresh) {
        if (old != 0) {
            percpu.write(cpu, value, values(old), flags, onAllCpus);
            return 0;
        }
        long element = takeElement(cpu, key, 0);
        if (element < 0) {
            return element;
        }
        percpu.initialize(cpu, value, values(element), flags, onAllCpus);
        insert(bucket, element, hash);
        return 0;
    }

    private long values(long element) {
        return GuestMemory.getLong(element + valueOffset);
    }

    @Override
    void copyElement(Cpu cpu, long element, long to, long flags) {
        percpu.copyOut(values(element), to, flags);
    }

    @Override
    void release(Cpu cpu, long element) {
        cpu.fire(HookPoint.ELEMENT_FREE, id(), element);
        percpu.cancelFields(cpu, values(element));
        pool.give(cpu, element);
    }

    @Override
    long valueOf(Cpu cpu, long element) {
        return percpu.of(values(element), cpu.id());
    }
}
