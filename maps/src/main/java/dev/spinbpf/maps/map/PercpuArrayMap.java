package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.HookPoint;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;

/** {@code BPF_MAP_TYPE_PERCPU_ARRAY}: an array for each CPU, each on pages of its own. */
final class PercpuArrayMap extends ValueArrayMap {
    private final PercpuValues percpu;
    private final long values;

    PercpuArrayMap(CheckedMapDef definition) {
        super(definition);
        long stride = (elementSize * maxEntries() + GuestMemory.PAGE_SIZE - 1) & -GuestMemory.PAGE_SIZE;
        values = arena().allocate(stride * cpuCount, GuestMemory.PAGE_SIZE);
        percpu = new PercpuValues(this, stride);
    }

    /** The element's value on CPU 0, or 0. */
    private long element(long key) {
        int index = GuestMemory.getInt(key);
        return Integer.compareUnsigned(index, count) < 0 ? values + (index & 0xffffffffL) * elementSize : 0;
    }

    @Override
    public boolean isPercpu() {
        return true;
    }

    @Override
    public long lookup(Cpu cpu, long key) {
        return lookupPercpu(cpu, key, cpu.id());
    }

    @Override
    public long lookupPercpu(Cpu cpu, long key, int cpuId) {
        long element = Integer.compareUnsigned(cpuId, cpuCount) < 0 ? element(key) : 0;
        return element == 0 ? 0 : percpu.of(element, cpuId);
    }

    @Override
    public int update(Cpu cpu, long key, long value, long flags) {
        cpu.fire(HookPoint.MAP_UPDATE_BEFORE_LOCK, id(), key);
        boolean areFlagsValid = Long.compareUnsigned(flags & ~MapFlags.BPF_F_LOCK, MapFlags.BPF_EXIST) <= 0;
        long element = element(key);
        int error = ArrayKeys.updateError(areFlagsValid, element, (flags & MapFlags.BPF_NOEXIST) != 0);
        if (error != 0) {
            return error;
        }
        if ((flags & MapFlags.BPF_F_LOCK) != 0) {
            return -EINVAL;
        }
        percpu.copyInOne(cpu, value, element, cpu.id());
        return 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        long element = element(key);
        int error = ArrayKeys.updateError(PercpuValues.areFlagsValid(flags), element, flags == MapFlags.BPF_NOEXIST);
        if (error != 0) {
            return error;
        }
        percpu.copyIn(cpu, value, element, flags);
        return 0;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        long element = element(key);
        if (element == 0) {
            return -ENOENT;
        }
        percpu.copyOut(element, value, flags);
        return 0;
    }

    @Override
    public long forEach(Cpu cpu, ElementVisitor visitor, long keyScratch) {
        for (int index = 0; index < count; index++) {
            GuestMemory.putInt(keyScratch, index);
            long value = percpu.of(values + index * elementSize, cpu.id());
            if (visitor.visit(cpu, this, keyScratch, value) != 0) {
                return index + 1L;
            }
        }
        return count;
    }
}
