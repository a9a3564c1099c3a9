package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.linux.MapFlags;

/**
 * Copies the values of one element in a per-CPU map. They lie one stride apart, and methods take the address of CPU 0's
 * value.
 */
final class PercpuValues {
    private final BpfMap map;
    private final long stride;
    private final int rounded;

    PercpuValues(BpfMap map, long stride) {
        this.map = map;
        this.stride = stride;
        rounded = (int) Bytes.roundUp8(map.valueSize);
    }

    /** True if user space may update the values of an element with these flags. */
    static boolean areFlagsValid(long flags) {
        return (flags & MapFlags.BPF_F_LOCK) == 0
                && Long.compareUnsigned(flags & 0xffffffffL, MapFlags.BPF_F_ALL_CPUS) <= 0;
    }

    long of(long values, int cpuId) {
        return values + cpuId * stride;
    }

    /** Copies a program's value to one CPU. */
    void copyInOne(Cpu cpu, long from, long values, int cpuId) {
        long to = of(values, cpuId);
        map.layout().copy(from, to);
        map.cancelFields(cpu, to);
    }

    /** {@code pcpu_copy_value} for user space: to all CPUs, or as BPF_F_CPU and BPF_F_ALL_CPUS say. */
    void copyIn(Cpu cpu, long from, long values, long flags) {
        if ((flags & MapFlags.BPF_F_CPU) != 0) {
            copyInOne(cpu, from, values, (int) (flags >>> 32));
            return;
        }
        boolean same = (flags & MapFlags.BPF_F_ALL_CPUS) != 0;
        for (int cpuId = 0; cpuId < map.cpuCount; cpuId++) {
            copyInOne(cpu, same ? from : from + (long) cpuId * rounded, values, cpuId);
        }
    }

    /** Writes an element that is there: this CPU's value for a program, all or the chosen ones for user space. */
    void write(Cpu cpu, long from, long values, long flags, boolean onAllCpus) {
        if (onAllCpus) {
            copyIn(cpu, from, values, flags);
        } else {
            copyInOne(cpu, from, values, cpu.id());
        }
    }

    /** {@code pcpu_init_value}: writes a new element; the value is zero on CPUs for which none is given. */
    void initialize(Cpu cpu, long from, long values, long flags, boolean onAllCpus) {
        if (!onAllCpus) {
            initializeOne(from, values, cpu.id());
        } else if ((flags & MapFlags.BPF_F_CPU) != 0) {
            initializeOne(from, values, (int) (flags >>> 32));
        } else {
            copyIn(cpu, from, values, flags);
        }
    }

    void cancelFields(Cpu cpu, long values) {
        for (int cpuId = 0; cpuId < map.cpuCount; cpuId++) {
            map.cancelFields(cpu, of(values, cpuId));
        }
    }

    private void initializeOne(long from, long values, int cpuId) {
        for (int other = 0; other < map.cpuCount; other++) {
            if (other == cpuId) {
                map.layout().copy(from, of(values, other));
            } else {
                map.layout().zero(of(values, other));
            }
        }
    }

    /** Copies to user space: all CPUs' values, each rounded up to eight bytes, or one CPU's. */
    void copyOut(long values, long to, long flags) {
        if ((flags & MapFlags.BPF_F_CPU) != 0) {
            map.layout().copy(of(values, (int) (flags >>> 32)), to);
            map.layout().initialize(to);
            return;
        }
        for (int cpuId = 0; cpuId < map.cpuCount; cpuId++) {
            long slot = to + (long) cpuId * rounded;
            Bytes.zero(slot + map.valueSize, rounded - map.valueSize);
            map.layout().copy(of(values, cpuId), slot);
            map.layout().initialize(slot);
        }
    }
}
