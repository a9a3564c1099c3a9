package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.isa.Op;

/**
 * The results of arithmetic, one static method for each operation that Java has no operator for, shared by every
 * engine.
 *
 * <p>32-bit operations take the low halves of their operands and return a zero-extended result. Shift counts are masked
 * to the operation's width, as Java's shifts do.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9669#section-4.1">RFC 9669 section 4.1</a>
 */
final class AluSemantics {
    private AluSemantics() {}

    /** Any 64-bit operator; {@code MOV} gives {@code src}. */
    public static long apply64(Op.Alu operator, long dst, long src) {
        return switch (operator) {
            case ADD -> dst + src;
            case SUB -> dst - src;
            case MUL -> dst * src;
            case DIV -> div64(dst, src);
            case SDIV -> sdiv64(dst, src);
            case OR -> dst | src;
            case AND -> dst & src;
            case LSH -> dst << src;
            case RSH -> dst >>> src;
            case MOD -> mod64(dst, src);
            case SMOD -> smod64(dst, src);
            case XOR -> dst ^ src;
            case MOV -> src;
            case ARSH -> dst >> src;
        };
    }

    /** Any 32-bit operator. */
    public static long apply32(Op.Alu operator, long dst, long src) {
        return switch (operator) {
            case ADD -> zext((int) dst + (int) src);
            case SUB -> zext((int) dst - (int) src);
            case MUL -> zext((int) dst * (int) src);
            case DIV -> div32(dst, src);
            case SDIV -> sdiv32(dst, src);
            case OR -> zext((int) dst | (int) src);
            case AND -> zext((int) dst & (int) src);
            case LSH -> zext((int) dst << (int) src);
            case RSH -> zext((int) dst >>> (int) src);
            case MOD -> mod32(dst, src);
            case SMOD -> smod32(dst, src);
            case XOR -> zext((int) dst ^ (int) src);
            case MOV -> zext((int) src);
            case ARSH -> zext((int) dst >> (int) src);
        };
    }

    /** A 32-bit result as it stands in a register. */
    public static long zext(int value) {
        return value & 0xffff_ffffL;
    }

    /** Unsigned quotient; zero if the divisor is zero. */
    public static long div64(long dst, long src) {
        if ((dst | src) >= 0) {
            return src == 0 ? 0 : dst / src;
        }
        return src == 0 ? 0 : Long.divideUnsigned(dst, src);
    }

    /** Unsigned remainder; {@code dst} if the divisor is zero. */
    public static long mod64(long dst, long src) {
        if ((dst | src) >= 0) {
            return src == 0 ? dst : dst % src;
        }
        return src == 0 ? dst : Long.remainderUnsigned(dst, src);
    }

    /** Signed quotient, truncated; zero if the divisor is zero; the minimum divided by -1 is the minimum. */
    public static long sdiv64(long dst, long src) {
        return src == 0 ? 0 : dst / src;
    }

    /** Signed remainder with the dividend's sign; {@code dst} if the divisor is zero. */
    public static long smod64(long dst, long src) {
        return src == 0 ? dst : dst % src;
    }

    /** As {@link #div64}, of the low halves. */
    public static long div32(long dst, long src) {
        long divisor = src & 0xffff_ffffL;
        return divisor == 0 ? 0 : (dst & 0xffff_ffffL) / divisor;
    }

    /** As {@link #mod64}, of the low halves. */
    public static long mod32(long dst, long src) {
        long divisor = src & 0xffff_ffffL;
        return divisor == 0 ? dst & 0xffff_ffffL : (dst & 0xffff_ffffL) % divisor;
    }

    /** As {@link #sdiv64}, of the low halves. */
    public static long sdiv32(long dst, long src) {
        return (int) src == 0 ? 0 : zext((int) dst / (int) src);
    }

    /** As {@link #smod64}, of the low halves. */
    public static long smod32(long dst, long src) {
        return (int) src == 0 ? zext((int) dst) : zext((int) dst % (int) src);
    }

    /**
     * Sign extension.
     *
     * @param fromBits width of the source: 8, 16 or 32
     * @param toBits width of the result: 64, or 32 with the upper half zero
     */
    public static long movsx(int fromBits, int toBits, long src) {
        int unused = Long.SIZE - fromBits;
        long extended = src << unused >> unused;
        return toBits == Long.SIZE ? extended : zext((int) extended);
    }

    /** Two's complement negation at 32 or 64 bits. */
    public static long neg(int bits, long dst) {
        return bits == Long.SIZE ? -dst : zext(-(int) dst);
    }

    /**
     * The byte swap rows. Guest memory is little-endian, so that LE rows only truncate.
     *
     * @param op a row of kind {@link Op.Kind#BYTE_SWAP}
     */
    public static long byteSwap(Op op, long dst) {
        return switch (op) {
            case LE16 -> dst & 0xffff;
            case LE32 -> dst & 0xffff_ffffL;
            case LE64 -> dst;
            case BE16, BSWAP16 -> Short.reverseBytes((short) dst) & 0xffff;
            case BE32, BSWAP32 -> zext(Integer.reverseBytes((int) dst));
            case BE64, BSWAP64 -> Long.reverseBytes(dst);
            default -> throw new IllegalArgumentException(op + " swaps no bytes");
        };
    }
}
