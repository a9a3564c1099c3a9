package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.Errno;
import org.jspecify.annotations.Nullable;

/** Keys and values of {@code spinbpf map} on their way into a map. */
final class MapBytes {
    private MapBytes() {}

    static byte[] required(byte @Nullable [] bytes) throws MapCommandException {
        if (bytes == null) {
            throw new MapCommandException("maps of this type have no keys");
        }
        return bytes;
    }

    /** Copies bytes to guest memory that goes with the arena. */
    static long put(GuestArena arena, byte[] bytes) {
        long address = arena.allocate(Math.max(1, bytes.length));
        GuestMemory.copyIn(bytes, 0, address, bytes.length);
        return address;
    }

    /** A value, for per-CPU maps once for each CPU. */
    static byte[] forEachCpu(BpfMap map, byte[] value) {
        if (!map.isPercpu()) {
            return value;
        }
        byte[] all = new byte[map.sysValueSize(0)];
        int stride = (value.length + 7) / 8 * 8;
        for (int at = 0; at + stride <= all.length; at += stride) {
            System.arraycopy(value, 0, all, at, value.length);
        }
        return all;
    }

    /** An error in the C library's words. */
    static String strerror(int error) {
        return switch (Math.abs(error)) {
            case Errno.EPERM -> "Operation not permitted";
            case Errno.ENOENT -> "No such file or directory";
            case Errno.E2BIG -> "Argument list too long";
            case Errno.ENOMEM -> "Cannot allocate memory";
            case Errno.EBUSY -> "Device or resource busy";
            case Errno.EEXIST -> "File exists";
            case Errno.EINVAL -> "Invalid argument";
            case Errno.ENOSPC -> "No space left on device";
            case Errno.EOPNOTSUPP -> "Operation not supported";
            case Errno.ENOTSUPP -> "Unknown error 524";
            default -> Errno.name(error);
        };
    }
}
