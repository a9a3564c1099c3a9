package dev.spinbpf.verifier.domain;

/**
 * Bitwise operations and shifts. Results are not synced; those of the 32-bit shifts have no 64-bit range yet.
 *
 * <p>Shift distances are known and less than the width.
 */
final class ScalarBits {
    private ScalarBits() {}

    static ScalarValue and(ScalarValue dst, ScalarValue src) {
        Tnum bits = dst.varOff().and(src.varOff());
        // The known ones are the least; the most is the smaller of the two most.
        Cnum32 r32 = bits.isSubregConst() && src.isConst32()
                ? Cnum32.constant((int) bits.value())
                : Cnum32.ofUnsigned((int) bits.value(), min(dst.u32max(), src.u32max()));
        if (bits.isConst() && src.isConst()) {
            return ScalarValue.constant(bits.value());
        }
        Cnum64 r64 = Cnum64.ofUnsigned(bits.value(), min(dst.umax(), src.umax()));
        return new ScalarValue(bits, r64, r32).boundedByBits();
    }

    static ScalarValue or(ScalarValue dst, ScalarValue src) {
        Tnum bits = dst.varOff().or(src.varOff());
        // The most is what the bits allow; the least is the greater of the two least.
        Cnum32 r32 = bits.isSubregConst() && src.isConst32()
                ? Cnum32.constant((int) bits.value())
                : Cnum32.ofUnsigned(max(dst.u32min(), src.u32min()), (int) bits.max());
        if (bits.isConst() && src.isConst()) {
            return ScalarValue.constant(bits.value());
        }
        Cnum64 r64 = Cnum64.ofUnsigned(max(dst.umin(), src.umin()), bits.max());
        return new ScalarValue(bits, r64, r32).boundedByBits();
    }

    static ScalarValue xor(ScalarValue dst, ScalarValue src) {
        Tnum bits = dst.varOff().xor(src.varOff());
        return new ScalarValue(
                bits, Cnum64.ofUnsigned(bits.value(), bits.max()), Cnum32.ofUnsigned((int) bits.value(), (int)
                        bits.max()));
    }

    static ScalarValue shiftLeft(ScalarValue dst, ScalarValue src) {
        int shift = (int) src.umin();
        boolean losesBits = Long.compareUnsigned(dst.umax(), 1L << (63 - shift)) > 0;
        Cnum64 unsigned = losesBits ? Cnum64.UNBOUNDED : Cnum64.ofUnsigned(dst.umin() << shift, dst.umax() << shift);
        // Half of the sign extension that compilers write as << 32, s>> 32: the lower half's signed range moves up.
        Cnum64 signed =
                shift == 32 ? Cnum64.ofSigned((long) dst.s32min() << 32, (long) dst.s32max() << 32) : Cnum64.UNBOUNDED;
        return new ScalarValue(dst.varOff().shl(shift), unsigned.intersect(signed), shiftedLeft(dst, shift))
                .boundedByBits();
    }

    static ScalarValue shiftLeft32(ScalarValue dst, ScalarValue src) {
        int shift = src.u32min();
        Tnum bits = dst.varOff().subreg().shl(shift).subreg();
        return new ScalarValue(bits, Cnum64.UNBOUNDED, shiftedLeft(dst, shift)).boundedByBits32();
    }

    private static Cnum32 shiftedLeft(ScalarValue dst, int shift) {
        boolean losesBits = shift > 31 || Integer.compareUnsigned(dst.u32max(), 1 << (31 - shift)) > 0;
        return losesBits ? Cnum32.UNBOUNDED : Cnum32.ofUnsigned(dst.u32min() << shift, dst.u32max() << shift);
    }

    static ScalarValue shiftRight(ScalarValue dst, ScalarValue src) {
        int shift = (int) src.umin();
        Cnum64 r64 = Cnum64.ofUnsigned(dst.umin() >>> shift, dst.umax() >>> shift);
        return new ScalarValue(dst.varOff().shr(shift), r64, Cnum32.UNBOUNDED).boundedByBits();
    }

    static ScalarValue shiftRight32(ScalarValue dst, ScalarValue src) {
        int shift = src.u32min();
        Cnum32 r32 = Cnum32.ofUnsigned(dst.u32min() >>> shift, dst.u32max() >>> shift);
        return new ScalarValue(dst.varOff().subreg().shr(shift), Cnum64.UNBOUNDED, r32).boundedByBits32();
    }

    static ScalarValue shiftSigned(ScalarValue dst, ScalarValue src) {
        int shift = (int) src.umin();
        Cnum64 r64 = Cnum64.ofSigned(dst.smin() >> shift, dst.smax() >> shift);
        return new ScalarValue(dst.varOff().sar(shift), r64, Cnum32.UNBOUNDED).boundedByBits();
    }

    static ScalarValue shiftSigned32(ScalarValue dst, ScalarValue src) {
        int shift = src.u32min();
        Cnum32 r32 = Cnum32.ofSigned(dst.s32min() >> shift, dst.s32max() >> shift);
        return new ScalarValue(dst.varOff().sar32(shift), Cnum64.UNBOUNDED, r32).boundedByBits32();
    }

    private static long min(long a, long b) {
        return Long.compareUnsigned(a, b) <= 0 ? a : b;
    }

    private static int min(int a, int b) {
        return Integer.compareUnsigned(a, b) <= 0 ? a : b;
    }

    private static long max(long a, long b) {
        return Long.compareUnsigned(a, b) >= 0 ? a : b;
    }

    private static int max(int a, int b) {
        return Integer.compareUnsigned(a, b) >= 0 ? a : b;
    }
}
