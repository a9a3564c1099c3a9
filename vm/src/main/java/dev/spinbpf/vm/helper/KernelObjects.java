package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.map.CgroupStorageMap;
import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.maps.memory.GuestArena;

/**
 * The machine's one cgroup, the root. Its structure reads as zeros; after it lies the storage in which maps keep a value
 * for it. There are no sockets and no inodes.
 */
final class KernelObjects {
    private static final int CGROUP_SIZE = 16 << 10;

    private final GuestArena arena;
    private long rootCgroup;

    KernelObjects(GuestArena arena) {
        this.arena = arena;
    }

    /** The address of a cgroup by its number, or 0. */
    synchronized long cgroup(long id) {
        if (id != CgroupStorageMap.ROOT_CGROUP_ID) {
            return 0;
        }
        if (rootCgroup == 0) {
            rootCgroup = arena.allocate(CGROUP_SIZE + LocalStorageMap.STORAGE_SIZE, 64);
        }
        return rootCgroup;
    }

    /** The storage of the object at an address; 0 if it is none that has storage. */
    synchronized long storageOf(long object) {
        return object != 0 && object == rootCgroup ? object + CGROUP_SIZE : 0;
    }
}
