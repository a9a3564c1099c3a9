package dev.spinbpf.vm.exec;

import dev.spinbpf.programs.isa.Op;

/** Decides if a conditional jump is taken; shared by every engine. RFC 9669 section 4.3. */
final class ConditionSemantics {
    private ConditionSemantics() {}

    /** Returns true where the 64-bit condition holds. */
    public static boolean test64(Op.Cond cond, long dst, long src) {
        return switch (cond) {
            case JEQ -> dst == src;
            case JNE -> dst != src;
            case JSET -> (dst & src) != 0;
            case JGT -> gt64(dst, src);
            case JGE -> ge64(dst, src);
            case JLT -> gt64(src, dst);
            case JLE -> ge64(src, dst);
            case JSGT -> dst > src;
            case JSGE -> dst >= src;
            case JSLT -> dst < src;
            case JSLE -> dst <= src;
        };
    }

    /** Returns true where the condition holds for the low halves. */
    public static boolean test32(Op.Cond cond, long dst, long src) {
        return switch (cond) {
            case JEQ -> (int) dst == (int) src;
            case JNE -> (int) dst != (int) src;
            case JSET -> ((int) dst & (int) src) != 0;
            case JGT -> gt32(dst, src);
            case JGE -> ge32(dst, src);
            case JLT -> gt32(src, dst);
            case JLE -> ge32(src, dst);
            case JSGT -> (int) dst > (int) src;
            case JSGE -> (int) dst >= (int) src;
            case JSLT -> (int) dst < (int) src;
            case JSLE -> (int) dst <= (int) src;
        };
    }

    /** Unsigned greater than. */
    public static boolean gt64(long dst, long src) {
        return dst + Long.MIN_VALUE > src + Long.MIN_VALUE;
    }

    /** Unsigned greater or equal. */
    public static boolean ge64(long dst, long src) {
        return dst + Long.MIN_VALUE >= src + Long.MIN_VALUE;
    }

    /** Unsigned greater than, of the low halves. */
    public static boolean gt32(long dst, long src) {
        return (dst & 0xffff_ffffL) > (src & 0xffff_ffffL);
    }

    /** Unsigned greater or equal, of the low halves. */
    public static boolean ge32(long dst, long src) {
        return (dst & 0xffff_ffffL) >= (src & 0xffff_ffffL);
    }
}
