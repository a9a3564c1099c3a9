package dev.spinbpf.tools.cli;

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
