package dev.spinbpf.verifier.domain;

import dev.spinbpf.programs.isa.Op;
import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of the instruction set on {@link ScalarValue}s.
 *
 * <p>An operation first works at its width and then at the other one too, where the result of one width can be told from operands of
 * that width; a 32-bit operation ends by clearing the upper half. Division by a divisor that is not known and shifts by a
 * distance that is not known, or too far, make the number unknown.
 */
public final class ScalarAlu {
    private ScalarAlu() {}

    /**
     * The result of an operation.
     *
     * @param op an operation of kind {@link Op.Kind#ALU}, {@link Op.Kind#MOVSX}, {@link Op.Kind#NEG} or {@link
     *     Op.Kind#BYTE_SWAP}
     * @param dst the destination register before
     * @param src the second operand: a register, or the sign-extended immediate as a constant; not read by operations
     *     without a second operand
     * @throws IllegalArgumentException if the operation is of another kind
     */
    public static ScalarValue apply(Op op, ScalarValue dst, ScalarValue src) {
        return switch (op.kind()) {
            case ALU -> op.alu() == Op.Alu.MOV ? move(op.is64(), src) : compute(op.alu(), op.is64(), dst, src);
            case MOVSX -> op.is64() ? src.signExtend(op.fromWidth() / 8) : src.signExtend32(op.fromWidth() / 8);
            case NEG -> finish(op.is64(), linear(ScalarValue.constant(0), dst, true));
            case BYTE_SWAP -> byteSwap(op, dst);
            default -> throw new IllegalArgumentException(op + " is not arithmetic");
        };
    }

    /** The sum of two numbers with all that is known of both halves, as for a scalar that is linked to another one. */
    public static ScalarValue add(ScalarValue a, ScalarValue b) {
        return linear(a, b, false).synced();
    }

    /** A pointer's offset moved up; nothing is known of an offset's lower half by itself. */
    public static ScalarValue addToOffset(ScalarValue offset, ScalarValue distance) {
        return linear(offset, distance, false).withR32(Cnum32.UNBOUNDED).synced();
    }

    /** A pointer's offset moved down. */
    public static ScalarValue subtractFromOffset(ScalarValue offset, ScalarValue distance) {
        return linear(offset, distance, true).withR32(Cnum32.UNBOUNDED).synced();
    }

    /** As {@link #addToOffset}, but no bound of the offset is drawn from its known bits. */
    public static ScalarValue addToOffsetLoosely(ScalarValue offset, ScalarValue distance) {
        return linear(offset, distance, false).withR32(Cnum32.UNBOUNDED).boundedByBits32();
    }

    /** As {@link #subtractFromOffset}, but no bound of the offset is drawn from its known bits. */
    public static ScalarValue subtractFromOffsetLoosely(ScalarValue offset, ScalarValue distance) {
        return linear(offset, distance, true).withR32(Cnum32.UNBOUNDED).boundedByBits32();
    }

    /**
     * Two values of the destination between which Linux forks the path before it applies a bitwise operation.
     *
     * @param here the value that the present path goes on with: all ones
     * @param other the value with which the other path executes the same instruction again: zero
     */
    public record Fork(ScalarValue here, ScalarValue other) {}

    /**
     * True if the path forks before {@code op}: for AND and OR with a known operand on a number that is either 0 or -1, the
     * outcome of an arithmetic shift to the last bit. Null if not.
     */
    public static @Nullable Fork fork(Op op, ScalarValue dst, ScalarValue src) {
        boolean bitwise = op.kind() == Op.Kind.ALU && (op.alu() == Op.Alu.AND || op.alu() == Op.Alu.OR);
        if (!bitwise || !src.isConst()) {
            return null;
        }
        if (dst.smin() == -1 && dst.smax() == 0) {
            return new Fork(ScalarValue.constant(-1), ScalarValue.constant(0));
        }
        if (dst.s32min() == -1 && dst.s32max() == 0) {
            return new Fork(dst.withLowerHalf(-1), dst.withLowerHalf(0));
        }
        return null;
    }

    private static ScalarValue move(boolean is64, ScalarValue src) {
        return is64 ? src : src.zext32().synced();
    }

    private static ScalarValue compute(Op.Alu alu, boolean is64, ScalarValue dst, ScalarValue src) {
        if (!isComputable(alu, is64, src)) {
            return ScalarValue.unknown();
        }
        ScalarValue result =
                switch (alu) {
                    case ADD -> linear(dst, src, false);
                    case SUB -> linear(dst, src, true);
                    case MUL -> ScalarProducts.multiply(dst, src);
                    case DIV -> ScalarProducts.divide(is64, dst, src);
                    case SDIV -> ScalarProducts.divideSigned(is64, dst, src);
                    case MOD -> ScalarProducts.modulo(is64, dst, src);
                    case SMOD -> ScalarProducts.moduloSigned(is64, dst, src);
                    case AND -> ScalarBits.and(dst, src);
                    case OR -> ScalarBits.or(dst, src);
                    case XOR -> ScalarBits.xor(dst, src);
                    case LSH -> is64 ? ScalarBits.shiftLeft(dst, src) : ScalarBits.shiftLeft32(dst, src);
                    case RSH -> is64 ? ScalarBits.shiftRight(dst, src) : ScalarBits.shiftRight32(dst, src);
                    case ARSH -> is64 ? ScalarBits.shiftSigned(dst, src) : ScalarBits.shiftSigned32(dst, src);
                    case MOV -> throw new IllegalArgumentException("MOV computes nothing");
                };
        return finish(is64, result);
    }

    private static ScalarValue finish(boolean is64, ScalarValue result) {
        return (is64 ? result : result.zext32()).synced().sane();
    }

    private static boolean isComputable(Op.Alu alu, boolean is64, ScalarValue src) {
        return switch (alu) {
            case ADD, SUB, MUL, AND, OR, XOR, MOV -> true;
            case DIV, SDIV, MOD, SMOD -> isKnown(is64, src);
            case LSH, RSH, ARSH -> isKnown(is64, src) && Long.compareUnsigned(src.umax(), is64 ? 64 : 32) < 0;
        };
    }

    private static boolean isKnown(boolean is64, ScalarValue src) {
        return is64
                ? src.isConst() && src.smin() == src.smax() && src.umin() == src.umax()
                : src.isConst32() && src.s32min() == src.s32max() && src.u32min() == src.u32max();
    }

    private static ScalarValue linear(ScalarValue a, ScalarValue b, boolean subtract) {
        return subtract
                ? new ScalarValue(
                        a.varOff().sub(b.varOff()),
                        a.r64().sub(b.r64()),
                        a.r32().sub(b.r32()))
                : new ScalarValue(
                        a.varOff().add(b.varOff()),
                        a.r64().add(b.r64()),
                        a.r32().add(b.r32()));
    }

    /** Byte swaps on a little-endian machine: LE only truncates. */
    private static ScalarValue byteSwap(Op op, ScalarValue dst) {
        boolean truncatesOnly =
                switch (op) {
                    case LE16, LE32, LE64 -> true;
                    default -> false;
                };
        ScalarValue result = truncatesOnly
                ? dst
                : dst.withVarOff(dst.varOff().byteSwap(op.width())).unbounded();
        return (op.is64() ? result : result.truncate(op.widthBytes())).synced().sane();
    }
}
