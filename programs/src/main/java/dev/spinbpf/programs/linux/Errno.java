package dev.spinbpf.programs.linux;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;

/**
 * Linux's error numbers that appear in results of helpers, maps and locks, and that loading a program fails with. The
 * constants are positive, as in errno.h; an operation that fails returns the negative value.
 */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int E2BIG = 7;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EINVAL = 22;
    public static final int ENOSPC = 28;
    public static final int ERANGE = 34;
    public static final int EDEADLK = 35;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOSYS = 38;
    public static final int ELOOP = 40;
    public static final int ENODATA = 61;
    public static final int EPROTO = 71;
    public static final int EOVERFLOW = 75;
    public static final int EPROTONOSUPPORT = 93;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int ETIMEDOUT = 110;
    public static final int ECANCELED = 125;
    /** Not in errno.h: the kernel's own "operation is not supported". */
    public static final int ENOTSUPP = 524;

    private static final Map<Integer, String> NAMES = names();

    private Errno() {}

    /** The name of an error number, positive or negative: {@code EINVAL}; for one without a name its digits. */
    public static String name(int errno) {
        int positive = Math.abs(errno);
        return NAMES.getOrDefault(positive, Integer.toString(positive));
    }

    private static Map<Integer, String> names() {
        Map<Integer, String> names = new HashMap<>();
        for (Field constant : Errno.class.getDeclaredFields()) {
            if (constant.getType() == int.class) {
                try {
                    names.put(constant.getInt(null), constant.getName());
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return Map.copyOf(names);
    }
}
