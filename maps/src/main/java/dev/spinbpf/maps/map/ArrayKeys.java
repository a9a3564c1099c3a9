package dev.spinbpf.maps.map;

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
