package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.memory.GuestMemory;

/** Keys of arrays: 32-bit indices. */
final class ArrayKeys {
    private ArrayKeys() {}

    /** {@code bpf_array_get_next_key}. */
    static int next(int count, long key, long nextKey) {
        int index = key == 0 ? -1 : GuestMemory.getInt(key);
        if (Integer.compareUnsigned(index, count) >= 0) {
            GuestMemory.putInt(nextKey, 0);
            return 0;
        }
        if (index == count - 1) {
            return -ENOENT;
        }
        GuestMemory.putInt(nextKey, index + 1);
        return 0;
    }
}
