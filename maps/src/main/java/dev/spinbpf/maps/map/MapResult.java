package dev.spinbpf.maps.map;

import dev.spinbpf.programs.linux.Errno;
import java.util.Locale;

/** The results of operations that are told apart; a lookup that finds nothing is {@link #ENOENT}. */
public enum MapResult {
    OK,
    ENOENT,
    E2BIG,
    EAGAIN,
    ENOMEM,
    EBUSY,
    EEXIST,
    EINVAL,
    ENOSPC,
    EDEADLK,
    ETIMEDOUT,
    /** Any other error. */
    OTHER;

    /** Returns the word in labels: {@code ok}, or the error's name in small letters. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the result that a return value counts as: an error where it is negative. */
    static MapResult of(long returned) {
        if (returned >= 0) {
            return OK;
        }
        return switch ((int) Math.min(-returned, Integer.MAX_VALUE)) {
            case Errno.ENOENT -> ENOENT;
            case Errno.E2BIG -> E2BIG;
            case Errno.EAGAIN -> EAGAIN;
            case Errno.ENOMEM -> ENOMEM;
            case Errno.EBUSY -> EBUSY;
            case Errno.EEXIST -> EEXIST;
            case Errno.EINVAL -> EINVAL;
            case Errno.ENOSPC -> ENOSPC;
            case Errno.EDEADLK -> EDEADLK;
            case Errno.ETIMEDOUT -> ETIMEDOUT;
            default -> OTHER;
        };
    }
}
