package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EEXIST;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.memory.GuestMemory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Keys of arrays: 32-bit indices. */
final class ArrayKeys {
    private ArrayKeys() {}

    /** Returns the bytes of a key. */
    static byte[] bytes(int index) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(index)
                .array();
    }

    /**
     * Returns the error of an update of an element, all of which exist from the start; 0 if there is none.
     *
     * @param areFlagsValid whether the map knows the flags
     * @param element its address, 0 if the key is no index
     * @param isNewOnly whether the update asks for an element that was not there
     */
    static int updateError(boolean areFlagsValid, long element, boolean isNewOnly) {
        if (!areFlagsValid) {
            return -EINVAL;
        }
        if (element == 0) {
            return -E2BIG;
        }
        return isNewOnly ? -EEXIST : 0;
    }

    /** Steps to the index after a key, or to 0 where there is no such index. */
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
