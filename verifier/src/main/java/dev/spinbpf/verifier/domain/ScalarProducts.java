package dev.spinbpf.verifier.domain;

/**
 * Multiplication, division and remainder. Results are not synced.
 *
 * <p>A divisor is known. A division of one width says nothing of the other width and of bits; a remainder that cannot differ from its dividend
 * leaves it as it is. As RFC 9669 has it, {@code x / 0} is 0, {@code x % 0} is x, and the lowest number by -1 is itself.
 */
final class ScalarProducts {
    private ScalarProducts() {}

    static ScalarValue multiply(ScalarValue a, ScalarValue b) {
        return new ScalarValue(a.varOff().mul(b.varOff()), product64(a.r64(), b.r64()), product32(a.r32(), b.r32()));
    }

    private static Cnum64 product64(Cnum64 a, Cnum64 b) {
        boolean fits = Math.unsignedMultiplyHigh(a.umax(), b.umax()) == 0;
        Cnum64 unsigned = fits ? Cnum64.ofUnsigned(a.umin() * b.umin(), a.umax() * b.umax()) : Cnum64.UNBOUNDED;
        long[] lefts = {a.smin(), a.smax()};
        long[] rights = {b.smin(), b.smax()};
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (long left : lefts) {
            for (long right : rights) {
                long product = left * right;
                if (Math.multiplyHigh(left, right) != product >> 63) {
                    return unsigned;
                }
                min = Math.min(min, product);
                max = Math.max(max, product);
            }
        }
        return unsigned.intersect(Cnum64.ofSigned(min, max));
    }

    private static Cnum32 product32(Cnum32 a, Cnum32 b) {
        long unsignedMax = Integer.toUnsignedLong(a.umax()) * Integer.toUnsignedLong(b.umax());
        boolean fits = unsignedMax >>> 32 == 0;
        Cnum32 unsigned = fits ? Cnum32.ofUnsigned(a.umin() * b.umin(), (int) unsignedMax) : Cnum32.UNBOUNDED;
        long[] lefts = {a.smin(), a.smax()};
        long[] rights = {b.smin(), b.smax()};
        int min = Integer.MAX_VALUE;
        int max = Integer.MIN_VALUE;
        for (long left : lefts) {
            for (long right : rights) {
                long product = left * right;
                if (product != (int) product) {
                    return unsigned;
                }
                min = Math.min(min, (int) product);
                max = Math.max(max, (int) product);
            }
        }
        return unsigned.intersect(Cnum32.ofSigned(min, max));
    }

    static ScalarValue divide(boolean is64, ScalarValue dst, ScalarValue src) {
        if (isZero(is64, src)) {
            return ScalarValue.constant(0);
        }
        if (is64) {
            long divisor = src.umin();
            return only64(Cnum64.ofUnsigned(
                    Long.divideUnsigned(dst.umin(), divisor), Long.divideUnsigned(dst.umax(), divisor)));
        }
        int divisor = src.u32min();
        return only32(Cnum32.ofUnsigned(
                Integer.divideUnsigned(dst.u32min(), divisor), Integer.divideUnsigned(dst.u32max(), divisor)));
    }

    static ScalarValue divideSigned(boolean is64, ScalarValue dst, ScalarValue src) {
        if (isZero(is64, src)) {
            return ScalarValue.constant(0);
        }
        return is64 ? only64(quotient64(dst, src.smin())) : only32(quotient32(dst, src.s32min()));
    }

    private static Cnum64 quotient64(ScalarValue dst, long divisor) {
        if (dst.smin() == Long.MIN_VALUE && divisor == -1) {
            return dst.smax() == Long.MIN_VALUE ? Cnum64.constant(Long.MIN_VALUE) : Cnum64.UNBOUNDED;
        }
        long first = dst.smin() / divisor;
        long last = dst.smax() / divisor;
        return Cnum64.ofSigned(Math.min(first, last), Math.max(first, last));
    }

    private static Cnum32 quotient32(ScalarValue dst, int divisor) {
        if (dst.s32min() == Integer.MIN_VALUE && divisor == -1) {
            return dst.s32max() == Integer.MIN_VALUE ? Cnum32.constant(Integer.MIN_VALUE) : Cnum32.UNBOUNDED;
        }
        int first = dst.s32min() / divisor;
        int last = dst.s32max() / divisor;
        return Cnum32.ofSigned(Math.min(first, last), Math.max(first, last));
    }

    static ScalarValue modulo(boolean is64, ScalarValue dst, ScalarValue src) {
        if (isZero(is64, src)) {
            return dst;
        }
        if (is64) {
            long most = src.umin() - 1;
            return Long.compareUnsigned(dst.umax(), most) <= 0 ? dst : only64(Cnum64.ofUnsigned(0, most));
        }
        int most = src.u32min() - 1;
        return Integer.compareUnsigned(dst.u32max(), most) <= 0 ? dst : only32(Cnum32.ofUnsigned(0, most));
    }

    /** A signed remainder has the dividend's sign and is nearer to zero than both operands. */
    static ScalarValue moduloSigned(boolean is64, ScalarValue dst, ScalarValue src) {
        if (isZero(is64, src)) {
            return dst;
        }
        // Less than the divisor's magnitude. It is right for the lowest number too, whose magnitude fits unsigned only.
        long most = is64 ? magnitude(src.smin()) - 1 : Math.abs((long) src.s32min()) - 1;
        long min = is64 ? dst.smin() : dst.s32min();
        long max = is64 ? dst.smax() : dst.s32max();
        if (min >= -most && max <= most) {
            return dst;
        }
        long low = min >= 0 ? 0 : -most;
        long high = max <= 0 ? 0 : most;
        if (min >= 0) {
            high = Math.min(max, most);
        } else if (max <= 0) {
            low = Math.max(min, -most);
        }
        return is64 ? only64(Cnum64.ofSigned(low, high)) : only32(Cnum32.ofSigned((int) low, (int) high));
    }

    private static long magnitude(long value) {
        return value > 0 ? value : -value;
    }

    private static boolean isZero(boolean is64, ScalarValue src) {
        return is64 ? src.umin() == 0 : src.u32min() == 0;
    }

    private static ScalarValue only64(Cnum64 range) {
        return ScalarValue.unknown().withR64(range);
    }

    private static ScalarValue only32(Cnum32 range) {
        return ScalarValue.unknown().withR32(range);
    }
}
