package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;

/**
 * {@code BPF_MAP_TYPE_CGROUP_STORAGE} and {@code PERCPU_CGROUP_STORAGE}: a value for each cgroup that a program is
 * attached to. All programs of the machine are attached to its one cgroup, the root, so that there is one value, zeros
 * at first, which stays as long as the map.
 *
 * <p>The key of user space is the cgroup's number, or it is followed by a type of attachment, which is ignored as there
 * is one attachment.
 */
public final class CgroupStorageMap extends BpfMap {
    /** The number of the root. */
    public static final long ROOT_CGROUP_ID = 1;

    private static final int WITH_ATTACH_TYPE = 16;

    private final PercpuValues percpu;
    private final long values;

    CgroupStorageMap(CheckedMapDef definition) {
        super(definition);
        percpu = new PercpuValues(this, Bytes.roundUp8(valueSize));
        values = arena().allocate(Bytes.roundUp8(valueSize) * (isPercpu() ? cpuCount : 1));
    }

    @Override
    public boolean isPercpu() {
        return type() == MapType.PERCPU_CGROUP_STORAGE;
    }

    /** {@code bpf_get_local_storage}: the address of the value, on this CPU where there is one for each. */
    public long value(Cpu cpu) {
        return isPercpu() ? percpu.of(values, cpu.id()) : values;
    }

    private static boolean isRoot(long key) {
        return GuestMemory.getLong(key) == ROOT_CGROUP_ID;
    }

    @Override
    public long entryCount() {
        return 1;
    }

    @Override
    int copyValue(Cpu cpu, long key, long value, long flags) {
        if (!isRoot(key)) {
            return -ENOENT;
        }
        if (isPercpu()) {
            percpu.copyOut(values, value, flags);
        } else {
            copyOut(cpu, values, value, flags);
        }
        return 0;
    }

    @Override
    int updateValue(Cpu cpu, long key, long value, long flags) {
        long allowed = isPercpu() ? MapFlags.BPF_EXIST : MapFlags.BPF_EXIST | MapFlags.BPF_F_LOCK;
        if ((flags & ~allowed) != 0) {
            return -EINVAL;
        }
        if (!isRoot(key)) {
            return -ENOENT;
        }
        if (isPercpu()) {
            percpu.copyIn(cpu, value, values, flags);
        } else if ((flags & MapFlags.BPF_F_LOCK) != 0) {
            copyLocked(cpu, value, values, values);
        } else {
            layout().copy(value, values);
        }
        return 0;
    }

    @Override
    public int delete(Cpu cpu, long key) {
        return -EINVAL;
    }

    @Override
    public int getNextKey(Cpu cpu, long key, long nextKey) {
        if (key != 0) {
            return isRoot(key) ? -ENOENT : -EINVAL;
        }
        GuestMemory.putLong(nextKey, ROOT_CGROUP_ID);
        if (keySize == WITH_ATTACH_TYPE) {
            GuestMemory.putLong(nextKey + Long.BYTES, 0);
        }
        return 0;
    }
}
