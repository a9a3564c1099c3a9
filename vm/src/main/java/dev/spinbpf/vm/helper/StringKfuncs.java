package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * {@code bpf_strcmp} and its kin. They read memory that may not be there (-EFAULT) up to 64 KiB (-E2BIG); an address at
 * which nothing can be is -ERANGE.
 */
final class StringKfuncs {
    /** {@code XATTR_SIZE_MAX}. */
    private static final int MAX = 65536;

    /** The result of {@link #at} where nothing can be read. */
    private static final int UNREADABLE = -1;

    private StringKfuncs() {}

    static void register(FunctionTable table) {
        table.kfunc("bpf_strcmp", (_, a, b, _, _, _) -> compare(a, b, MAX, false));
        table.kfunc("bpf_strcasecmp", (_, a, b, _, _, _) -> compare(a, b, MAX, true));
        table.kfunc("bpf_strncasecmp", (_, a, b, length, _, _) -> compare(a, b, length, true));
        table.kfunc("bpf_strnchr", (_, text, count, wanted, _, _) -> find(text, count, (int) wanted & 0xff));
        table.kfunc("bpf_strchr", (_, text, wanted, _, _, _) -> find(text, MAX, (int) wanted & 0xff));
        table.kfunc("bpf_strchrnul", (_, text, wanted, _, _, _) -> findOrEnd(text, (int) wanted & 0xff));
        table.kfunc("bpf_strrchr", (_, text, wanted, _, _, _) -> findLast(text, (int) wanted));
        table.kfunc("bpf_strnlen", (_, text, count, _, _, _) -> length(text, count));
        table.kfunc("bpf_strlen", (_, text, _, _, _, _) -> length(text, MAX));
        table.kfunc("bpf_strspn", (_, text, set, _, _, _) -> span(text, set, true));
        table.kfunc("bpf_strcspn", (_, text, set, _, _, _) -> span(text, set, false));
        table.kfunc("bpf_strstr", (_, text, part, _, _, _) -> search(text, part, MAX, false));
        table.kfunc("bpf_strcasestr", (_, text, part, _, _, _) -> search(text, part, MAX, true));
        table.kfunc("bpf_strnstr", (_, text, part, length, _, _) -> search(text, part, length, false));
        table.kfunc("bpf_strncasestr", (_, text, part, length, _, _) -> search(text, part, length, true));
    }

    /** The byte at an address, 0 to 255. */
    private static int at(long address) {
        return GuestMemory.exists(address, 1) ? GuestMemory.getByte(address) & 0xff : UNREADABLE;
    }

    /** Returns true where kernel memory could be there: not in the first pages. */
    private static boolean isKernelAddress(long address) {
        return Long.compareUnsigned(address, GuestMemory.FIRST_ADDRESS) >= 0;
    }

    private static int lower(int c) {
        boolean upper = c >= 'A' && c <= 'Z' || c >= 0xc0 && c <= 0xde && c != 0xd7;
        return upper ? c + 0x20 : c;
    }

    private static boolean isWithin(int i, long length) {
        return i < MAX && Long.compareUnsigned(i, length) < 0;
    }

    private static long compare(long first, long second, long length, boolean ignoreCase) {
        if (!isKernelAddress(first) || !isKernelAddress(second)) {
            return -ERANGE;
        }
        int i = 0;
        for (; isWithin(i, length); i++) {
            int a = at(first + i);
            int b = at(second + i);
            if (a == UNREADABLE || b == UNREADABLE) {
                return -EFAULT;
            }
            int left = ignoreCase ? lower(a) : a;
            int right = ignoreCase ? lower(b) : b;
            if (left != right) {
                return left < right ? -1 : 1;
            }
            if (left == 0) {
                return 0;
            }
        }
        return i == MAX ? -E2BIG : 0;
    }

    private static long find(long text, long count, int wanted) {
        if (!isKernelAddress(text)) {
            return -ERANGE;
        }
        int i = 0;
        for (; isWithin(i, count); i++) {
            int c = at(text + i);
            if (c == UNREADABLE) {
                return -EFAULT;
            }
            if (c == wanted) {
                return i;
            }
            if (c == 0) {
                return -ENOENT;
            }
        }
        return i == MAX ? -E2BIG : -ENOENT;
    }

    private static long findOrEnd(long text, int wanted) {
        long found = find(text, MAX, wanted);
        return found == -ENOENT ? length(text, MAX) : found;
    }

    private static long findLast(long text, int wanted) {
        if (!isKernelAddress(text)) {
            return -ERANGE;
        }
        long last = -ENOENT;
        for (int i = 0; i < MAX; i++) {
            int c = at(text + i);
            if (c == UNREADABLE) {
                return -EFAULT;
            }
            if (c == wanted) {
                last = i;
            }
            if (c == 0) {
                return last;
            }
        }
        return -E2BIG;
    }

    private static long length(long text, long count) {
        long end = find(text, count, 0);
        return end == -ENOENT ? count : end;
    }

    /** Returns how many characters from the start are in the set, or are not. */
    private static long span(long text, long set, boolean inSet) {
        if (!isKernelAddress(text) || !isKernelAddress(set)) {
            return -ERANGE;
        }
        for (int i = 0; i < MAX; i++) {
            int c = at(text + i);
            if (c == 0) {
                return i;
            }
            long found = c == UNREADABLE ? -EFAULT : find(set, MAX, c);
            if (found == -EFAULT || found == -E2BIG) {
                return found;
            }
            if (found >= 0 != inSet) {
                return i;
            }
        }
        return -E2BIG;
    }

    /** The first place of a part in a text of which at most {@code length} characters count. */
    private static long search(long text, long part, long length, boolean ignoreCase) {
        if (!isKernelAddress(text) || !isKernelAddress(part)) {
            return -ERANGE;
        }
        for (int i = 0; i < MAX; i++) {
            long matched = match(text + i, part, length - i, ignoreCase);
            if (matched != NO_MATCH) {
                return matched == MATCH ? i : matched;
            }
        }
        return -E2BIG;
    }

    private static final long MATCH = 1;
    private static final long NO_MATCH = 0;

    /**
     * Compares a part with what a text begins with, of which at most {@code left} characters count; or an error ends
     * it.
     */
    private static long match(long text, long part, long left, boolean ignoreCase) {
        for (int j = 0; j < MAX; j++) {
            int wanted = at(part + j);
            if (wanted == UNREADABLE) {
                return -EFAULT;
            }
            if (wanted == 0) {
                return MATCH;
            }
            if (j == left) {
                return -ENOENT;
            }
            int c = at(text + j);
            if (c == UNREADABLE) {
                return -EFAULT;
            }
            if (c == 0) {
                return -ENOENT;
            }
            if (ignoreCase ? lower(c) != lower(wanted) : c != wanted) {
                return NO_MATCH;
            }
        }
        return -E2BIG;
    }
}
