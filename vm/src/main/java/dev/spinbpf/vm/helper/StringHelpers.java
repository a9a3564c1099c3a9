package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ERANGE;

import dev.spinbpf.maps.memory.GuestMemory;
import java.math.BigInteger;

/** {@code bpf_strncmp}, {@code bpf_strtol}, {@code bpf_strtoul}. */
final class StringHelpers {
    private static final BigInteger MAX_UNSIGNED = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    private StringHelpers() {}

    static void register(FunctionTable table) {
        table.helper("bpf_strncmp", (_, first, size, second, _, _) -> compare(first, (int) size, second));
        table.helper("bpf_strtol", (_, text, size, flags, result, _) -> parse(text, (int) size, flags, result, true));
        table.helper("bpf_strtoul", (_, text, size, flags, result, _) -> parse(text, (int) size, flags, result, false));
    }

    private static long compare(long first, int size, long second) {
        for (int i = 0; i < size; i++) {
            int a = GuestMemory.getByte(first + i) & 0xff;
            int b = GuestMemory.getByte(second + i) & 0xff;
            if (a != b) {
                return a < b ? -1 : 1;
            }
            if (a == 0) {
                return 0;
            }
        }
        return 0;
    }

    /** Parses a number after white space; returns how many characters were used. */
    private static long parse(long text, int size, long flags, long result, boolean signed) {
        int base = (int) flags & 0x1f;
        GuestMemory.putLong(result, 0);
        if (text == 0 || size <= 0 || base != 0 && base != 8 && base != 10 && base != 16 || (flags & ~0x1fL) != 0) {
            return -EINVAL;
        }
        int at = 0;
        while (at < size && isSpace(charAt(text, at))) {
            at++;
        }
        boolean negative = at < size && charAt(text, at) == '-';
        if (negative && !signed) {
            return -EINVAL;
        }
        at += negative ? 1 : 0;
        if (base == 0 || base == 16) {
            boolean hex = at + 2 < size
                    && charAt(text, at) == '0'
                    && Character.toLowerCase(charAt(text, at + 1)) == 'x'
                    && Character.digit(charAt(text, at + 2), 16) >= 0;
            boolean octal = at < size && charAt(text, at) == '0';
            base = hex || base == 16 ? 16 : octal ? 8 : 10;
            at += hex ? 2 : 0;
        }
        int start = at;
        BigInteger value = BigInteger.ZERO;
        while (at < size && Character.digit(charAt(text, at), base) >= 0) {
            value = value.multiply(BigInteger.valueOf(base))
                    .add(BigInteger.valueOf(Character.digit(charAt(text, at), base)));
            at++;
        }
        if (at == start) {
            return -EINVAL;
        }
        value = negative ? value.negate() : value;
        if (signed ? value.bitLength() > 63 : value.compareTo(MAX_UNSIGNED) > 0) {
            return -ERANGE;
        }
        GuestMemory.putLong(result, value.longValue());
        return at;
    }

    private static char charAt(long text, int index) {
        return (char) (GuestMemory.getByte(text + index) & 0xff);
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }
}
