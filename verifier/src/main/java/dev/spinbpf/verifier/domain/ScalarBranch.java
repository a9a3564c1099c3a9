package dev.spinbpf.verifier.domain;

import dev.spinbpf.programs.isa.Op;

/**
 * Conditional jumps on {@link ScalarValue}s: which way they go, and what is learnt of both operands on either way.
 *
 * <p>Where ranges and bits do not decide, both ways are tried: the condition (or its opposite) is assumed, and if that
 * leaves no number for one of the operands, the way cannot be taken.
 */
public final class ScalarBranch {
    private ScalarBranch() {}

    /** The ways that a jump may go. */
    public enum Taken {
        ALWAYS,
        NEVER,
        UNKNOWN
    }

    /** Two operands of a comparison. */
    public record Pair(ScalarValue dst, ScalarValue src) {
        /** True if one of the operands has no number left. */
        public boolean isEmpty() {
            return dst.isEmpty() || src.isEmpty();
        }

        private Pair swapped() {
            return new Pair(src, dst);
        }

        private Pair synced() {
            return new Pair(dst.synced(), src.synced());
        }

        private Pair sane() {
            return new Pair(dst.sane(), src.sane());
        }
    }

    /**
     * The outcome of a comparison.
     *
     * @param taken which way it goes
     * @param onTrue the operands where the jump is taken; meaningful for {@link Taken#UNKNOWN}
     * @param onFalse the operands on the fall-through; meaningful for {@link Taken#UNKNOWN}
     */
    public record Outcome(Taken taken, Pair onTrue, Pair onFalse) {
        private Outcome sane() {
            return taken == Taken.UNKNOWN ? new Outcome(taken, onTrue.sane(), onFalse.sane()) : this;
        }
    }

    /**
     * Decides {@code if (a cond b) goto}.
     *
     * @param is64 whether all 64 bits are compared, or the lower halves
     * @param sameRegister whether both operands are the same register
     */
    public static Outcome decide(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b, boolean sameRegister) {
        Outcome outcome = tried(cond, is64, a, b, sameRegister);
        if (outcome.onFalse.isEmpty()) {
            return decided(Taken.ALWAYS, a, b);
        }
        return outcome.onTrue.isEmpty() ? decided(Taken.NEVER, a, b) : outcome.sane();
    }

    /** As {@link #decide}, by the operands as they are: a way on which one of them has no number left is taken all the same. */
    public static Outcome decideByOperands(
            Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b, boolean sameRegister) {
        return tried(cond, is64, a, b, sameRegister).sane();
    }

    private static Outcome tried(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b, boolean sameRegister) {
        if (sameRegister) {
            return decided(takenOnItself(cond, is64, a), a, b);
        }
        boolean jsetOnUnknown = cond == Op.Cond.JSET && !a.isConst(is64) && !b.isConst(is64);
        Taken taken = jsetOnUnknown ? Taken.UNKNOWN : compare(cond, is64, a, b);
        if (taken != Taken.UNKNOWN || jsetOnUnknown) {
            return decided(taken, a, b);
        }
        return new Outcome(Taken.UNKNOWN, refineTrue(cond, is64, a, b), refineFalse(cond, is64, a, b));
    }

    private static Outcome decided(Taken taken, ScalarValue a, ScalarValue b) {
        Pair operands = new Pair(a, b);
        return new Outcome(taken, operands, operands);
    }

    /** The way that {@code if (a cond b) goto} goes, for two registers. */
    public static Taken taken(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b) {
        return decide(cond, is64, a, b, false).taken();
    }

    /** Both operands, narrowed, where {@code a cond b} holds; empty if it cannot. */
    static Pair refineTrue(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b) {
        return refine(Assumption.of(cond), is64, new Pair(a, b)).synced();
    }

    /** Both operands, narrowed, where {@code a cond b} does not hold; empty if it must. */
    static Pair refineFalse(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b) {
        return refine(Assumption.opposite(cond), is64, new Pair(a, b)).synced();
    }

    /** The condition with its operands exchanged. */
    public static Op.Cond flip(Op.Cond cond) {
        return switch (cond) {
            case JEQ -> Op.Cond.JEQ;
            case JNE -> Op.Cond.JNE;
            case JSET -> Op.Cond.JSET;
            case JGT -> Op.Cond.JLT;
            case JGE -> Op.Cond.JLE;
            case JLT -> Op.Cond.JGT;
            case JLE -> Op.Cond.JGE;
            case JSGT -> Op.Cond.JSLT;
            case JSGE -> Op.Cond.JSLE;
            case JSLT -> Op.Cond.JSGT;
            case JSLE -> Op.Cond.JSGE;
        };
    }

    private static Taken takenOnItself(Op.Cond cond, boolean is64, ScalarValue value) {
        return switch (cond) {
            case JEQ, JGE, JLE, JSGE, JSLE -> Taken.ALWAYS;
            case JNE, JGT, JLT, JSGT, JSLT -> Taken.NEVER;
            case JSET -> {
                if (value.isConst(is64)) {
                    yield value.value(is64) != 0 ? Taken.ALWAYS : Taken.NEVER;
                }
                long min = is64 ? value.smin() : value.s32min();
                long max = is64 ? value.smax() : value.s32max();
                yield min <= 0 && max >= 0 ? Taken.UNKNOWN : Taken.ALWAYS;
            }
        };
    }

    private static Taken compare(Op.Cond cond, boolean is64, ScalarValue a, ScalarValue b) {
        return switch (cond) {
            case JEQ -> equal(is64, a, b);
            case JNE -> not(equal(is64, a, b));
            case JSET -> b.isConst(is64) ? bitsSet(is64, a, b) : bitsSet(is64, b, a);
            case JLT -> below(is64, a, b);
            case JGE -> not(below(is64, a, b));
            case JGT -> below(is64, b, a);
            case JLE -> not(below(is64, b, a));
            case JSLT -> less(is64, a, b);
            case JSGE -> not(less(is64, a, b));
            case JSGT -> less(is64, b, a);
            case JSLE -> not(less(is64, b, a));
        };
    }

    private static Taken not(Taken taken) {
        return switch (taken) {
            case ALWAYS -> Taken.NEVER;
            case NEVER -> Taken.ALWAYS;
            case UNKNOWN -> Taken.UNKNOWN;
        };
    }

    /** a < b, unsigned. */
    private static Taken below(boolean is64, ScalarValue a, ScalarValue b) {
        boolean always = is64
                ? Long.compareUnsigned(a.umax(), b.umin()) < 0
                : Integer.compareUnsigned(a.u32max(), b.u32min()) < 0;
        boolean never = is64
                ? Long.compareUnsigned(a.umin(), b.umax()) >= 0
                : Integer.compareUnsigned(a.u32min(), b.u32max()) >= 0;
        return decided(always, never);
    }

    /** a < b, signed. */
    private static Taken less(boolean is64, ScalarValue a, ScalarValue b) {
        return is64
                ? decided(a.smax() < b.smin(), a.smin() >= b.smax())
                : decided(a.s32max() < b.s32min(), a.s32min() >= b.s32max());
    }

    private static Taken decided(boolean always, boolean never) {
        if (always) {
            return Taken.ALWAYS;
        }
        return never ? Taken.NEVER : Taken.UNKNOWN;
    }

    private static Taken equal(boolean is64, ScalarValue a, ScalarValue b) {
        if (a.isConst(is64) && b.isConst(is64)) {
            return a.value(is64) == b.value(is64) ? Taken.ALWAYS : Taken.NEVER;
        }
        Tnum bitsA = is64 ? a.varOff() : a.varOff().subreg();
        Tnum bitsB = is64 ? b.varOff() : b.varOff().subreg();
        boolean apart = !bitsA.overlaps(bitsB) || is64 && apart64(a, b) || apart32(a, b);
        return apart ? Taken.NEVER : Taken.UNKNOWN;
    }

    private static boolean apart64(ScalarValue a, ScalarValue b) {
        return Long.compareUnsigned(a.umin(), b.umax()) > 0
                || Long.compareUnsigned(a.umax(), b.umin()) < 0
                || a.smin() > b.smax()
                || a.smax() < b.smin();
    }

    private static boolean apart32(ScalarValue a, ScalarValue b) {
        return Integer.compareUnsigned(a.u32min(), b.u32max()) > 0
                || Integer.compareUnsigned(a.u32max(), b.u32min()) < 0
                || a.s32min() > b.s32max()
                || a.s32max() < b.s32min();
    }

    private static Taken bitsSet(boolean is64, ScalarValue a, ScalarValue constant) {
        long bits = constant.value(is64);
        return decided((a.varOff().value() & bits) != 0, (a.varOff().max() & bits) == 0);
    }

    /** An assumption about two operands a and b. */
    private enum Assumption {
        EQUAL,
        UNEQUAL,
        COMMON_BITS,
        NO_COMMON_BITS,
        BELOW,
        BELOW_OR_EQUAL,
        ABOVE,
        ABOVE_OR_EQUAL,
        LESS,
        LESS_OR_EQUAL,
        GREATER,
        GREATER_OR_EQUAL;

        static Assumption of(Op.Cond cond) {
            return switch (cond) {
                case JEQ -> EQUAL;
                case JNE -> UNEQUAL;
                case JSET -> COMMON_BITS;
                case JLT -> BELOW;
                case JLE -> BELOW_OR_EQUAL;
                case JGT -> ABOVE;
                case JGE -> ABOVE_OR_EQUAL;
                case JSLT -> LESS;
                case JSLE -> LESS_OR_EQUAL;
                case JSGT -> GREATER;
                case JSGE -> GREATER_OR_EQUAL;
            };
        }

        static Assumption opposite(Op.Cond cond) {
            return switch (cond) {
                case JEQ -> UNEQUAL;
                case JNE -> EQUAL;
                case JSET -> NO_COMMON_BITS;
                case JLT -> ABOVE_OR_EQUAL;
                case JLE -> ABOVE;
                case JGT -> BELOW_OR_EQUAL;
                case JGE -> BELOW;
                case JSLT -> GREATER_OR_EQUAL;
                case JSLE -> GREATER;
                case JSGT -> LESS_OR_EQUAL;
                case JSGE -> LESS;
            };
        }
    }

    private static Pair refine(Assumption assumption, boolean is64, Pair pair) {
        return switch (assumption) {
            case EQUAL -> refineEqual(is64, pair);
            case UNEQUAL, COMMON_BITS, NO_COMMON_BITS -> refineByConstant(assumption, is64, pair);
            case BELOW -> refineBelow(is64, 1, pair);
            case BELOW_OR_EQUAL -> refineBelow(is64, 0, pair);
            case ABOVE -> refineBelow(is64, 1, pair.swapped()).swapped();
            case ABOVE_OR_EQUAL -> refineBelow(is64, 0, pair.swapped()).swapped();
            case LESS -> refineLess(is64, 1, pair);
            case LESS_OR_EQUAL -> refineLess(is64, 0, pair);
            case GREATER -> refineLess(is64, 1, pair.swapped()).swapped();
            case GREATER_OR_EQUAL -> refineLess(is64, 0, pair.swapped()).swapped();
        };
    }

    private static Pair refineEqual(boolean is64, Pair pair) {
        ScalarValue a = pair.dst;
        ScalarValue b = pair.src;
        if (is64) {
            Cnum64 range = a.r64().intersect(b.r64());
            Tnum bits = a.varOff().intersect(b.varOff());
            return new Pair(new ScalarValue(bits, range, a.r32()), new ScalarValue(bits, range, b.r32()));
        }
        Cnum32 range = a.r32().intersect(b.r32());
        Tnum bits = a.varOff().subreg().intersect(b.varOff().subreg());
        return new Pair(
                new ScalarValue(a.varOff().withSubreg(bits), a.r64(), range),
                new ScalarValue(b.varOff().withSubreg(bits), b.r64(), range));
    }

    /** Only a known operand tells something of the other one, whichever of the two it is. */
    private static Pair refineByConstant(Assumption assumption, boolean is64, Pair pair) {
        if (pair.src.isConst(is64)) {
            return new Pair(refineByConstant(assumption, is64, pair.dst, pair.src.value(is64)), pair.src);
        }
        if (pair.dst.isConst(is64)) {
            return new Pair(pair.dst, refineByConstant(assumption, is64, pair.src, pair.dst.value(is64)));
        }
        return pair;
    }

    private static ScalarValue refineByConstant(Assumption assumption, boolean is64, ScalarValue value, long constant) {
        return switch (assumption) {
            case UNEQUAL ->
                is64
                        ? value.withR64(value.r64().intersect(new Cnum64(constant + 1, -2)))
                        : value.withR32(value.r32().intersect(new Cnum32((int) constant + 1, -2)));
            case COMMON_BITS ->
                Long.bitCount(constant) == 1 ? value.withVarOff(value.varOff().or(Tnum.constant(constant))) : value;
            case NO_COMMON_BITS ->
                // Ranges are derived from the bits again, lest they contradict each other on a way that cannot be
                // taken.
                value.withVarOff(value.varOff().and(Tnum.constant(~constant))).unbounded();
            default -> throw new IllegalArgumentException(assumption.name());
        };
    }

    /** Assumes a + gap <= b, unsigned. */
    private static Pair refineBelow(boolean is64, int gap, Pair pair) {
        ScalarValue a = pair.dst;
        ScalarValue b = pair.src;
        if (is64) {
            a = a.withR64(a.r64().intersectUnsigned(0, b.umax() - gap));
            b = b.withR64(b.r64().intersectUnsigned(a.umin() + gap, -1));
        } else {
            a = a.withR32(a.r32().intersectUnsigned(0, b.u32max() - gap));
            b = b.withR32(b.r32().intersectUnsigned(a.u32min() + gap, -1));
        }
        return new Pair(a, b);
    }

    /** Assumes a + gap <= b, signed. */
    private static Pair refineLess(boolean is64, int gap, Pair pair) {
        ScalarValue a = pair.dst;
        ScalarValue b = pair.src;
        if (is64) {
            a = a.withR64(a.r64().intersectSigned(Long.MIN_VALUE, b.smax() - gap));
            b = b.withR64(b.r64().intersectSigned(a.smin() + gap, Long.MAX_VALUE));
        } else {
            a = a.withR32(a.r32().intersectSigned(Integer.MIN_VALUE, b.s32max() - gap));
            b = b.withR32(b.r32().intersectSigned(a.s32min() + gap, Integer.MAX_VALUE));
        }
        return new Pair(a, b);
    }
}
