package dev.spinbpf.verifier.domain;

import dev.spinbpf.programs.isa.Op;

/** The results of operations on two numbers by the instruction set (RFC 9669), independent of the abstract operations. */
final class Concrete {
    private Concrete() {}

    static long apply(Op op, long dst, long src) {
        return switch (op.kind()) {
            case ALU -> op.is64() ? alu64(op.alu(), dst, src) : alu32(op.alu(), (int) dst, (int) src) & 0xffff_ffffL;
            case MOVSX -> {
                long extended =
                        switch (op.fromWidth()) {
                            case 8 -> (byte) src;
                            case 16 -> (short) src;
                            default -> (int) src;
                        };
                yield op.is64() ? extended : extended & 0xffff_ffffL;
            }
            case NEG -> op.is64() ? -dst : -dst & 0xffff_ffffL;
            case BYTE_SWAP -> swap(op, dst);
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    private static long swap(Op op, long value) {
        boolean swaps = op.name().startsWith("B");
        return switch (op.width()) {
            case 16 -> (swaps ? Short.reverseBytes((short) value) : value) & 0xffff;
            case 32 -> (swaps ? Integer.reverseBytes((int) value) : value) & 0xffff_ffffL;
            default -> swaps ? Long.reverseBytes(value) : value;
        };
    }

    // The same words as alu32 on purpose: the types decide, as they do in hardware.
    private static long alu64(Op.Alu alu, long a, long b) {
        return switch (alu) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? 0 : Long.divideUnsigned(a, b);
            case SDIV -> b == 0 ? 0 : a / b;
            case MOD -> b == 0 ? a : Long.remainderUnsigned(a, b);
            case SMOD -> b == 0 ? a : a % b;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case LSH -> a << b;
            case RSH -> a >>> b;
            case ARSH -> a >> b;
            case MOV -> b;
        };
    }

    private static int alu32(Op.Alu alu, int a, int b) {
        return switch (alu) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> b == 0 ? 0 : Integer.divideUnsigned(a, b);
            case SDIV -> b == 0 ? 0 : a / b;
            case MOD -> b == 0 ? a : Integer.remainderUnsigned(a, b);
            case SMOD -> b == 0 ? a : a % b;
            case AND -> a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case LSH -> a << b;
            case RSH -> a >>> b;
            case ARSH -> a >> b;
            case MOV -> b;
        };
    }

    static boolean holds(Op.Cond cond, boolean is64, long a, long b) {
        long signedA = is64 ? a : (int) a;
        long signedB = is64 ? b : (int) b;
        int unsigned = Long.compareUnsigned(signedA, signedB);
        return switch (cond) {
            case JEQ -> signedA == signedB;
            case JNE -> signedA != signedB;
            case JSET -> (is64 ? a & b : (int) (a & b)) != 0;
            case JGT -> unsigned > 0;
            case JGE -> unsigned >= 0;
            case JLT -> unsigned < 0;
            case JLE -> unsigned <= 0;
            case JSGT -> signedA > signedB;
            case JSGE -> signedA >= signedB;
            case JSLT -> signedA < signedB;
            case JSLE -> signedA <= signedB;
        };
    }
}
