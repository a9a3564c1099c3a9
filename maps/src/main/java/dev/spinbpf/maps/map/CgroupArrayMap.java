package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EBADF;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;

/** {@code BPF_MAP_TYPE_CGROUP_ARRAY}: it stays empty, as no descriptor of user space names a cgroup. */
public final class CgroupArrayMap extends HandleArrayMap {
    CgroupArrayMap(CheckedMapDef definition) {
        super(definition);
    }

    /** Returns true where the array has this index, which is unsigned. */
    public boolean hasIndex(int index) {
        return has(index);
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        if (flags != MapFlags.BPF_ANY) {
            return -EINVAL;
        }
        return has(GuestMemory.getInt(key)) ? -EBADF : -E2BIG;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        return -ENOTSUPP;
    }
}
