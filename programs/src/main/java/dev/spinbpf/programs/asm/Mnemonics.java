package dev.spinbpf.programs.asm;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.isa.Op.Alu;
import dev.spinbpf.programs.isa.Op.Atomic;
import dev.spinbpf.programs.isa.Op.Cond;
import dev.spinbpf.programs.isa.Op.Kind;
import dev.spinbpf.programs.isa.Op.Operand;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The operators' spelling in the kernel's syntax, and the way back from the spelling to the row. */
final class Mnemonics {
    private static final Map<String, Alu> ALU = inverse(Alu.values(), Mnemonics::alu);
    private static final Map<String, Cond> COND = inverse(Cond.values(), Mnemonics::cond);
    private static final Map<Key, Op> ROWS = rows();

    private Mnemonics() {}

    /** The assignment operator, such as {@code s>>=}. */
    static String alu(Alu operator) {
        return switch (operator) {
            case ADD -> "+=";
            case SUB -> "-=";
            case MUL -> "*=";
            case DIV -> "/=";
            case SDIV -> "s/=";
            case OR -> "|=";
            case AND -> "&=";
            case LSH -> "<<=";
            case RSH -> ">>=";
            case MOD -> "%=";
            case SMOD -> "s%=";
            case XOR -> "^=";
            case MOV -> "=";
            case ARSH -> "s>>=";
        };
    }

    static @Nullable Alu alu(String spelling) {
        return ALU.get(spelling);
    }

    /** The comparison operator, such as {@code s<=}. */
    static String cond(Cond condition) {
        return switch (condition) {
            case JEQ -> "==";
            case JGT -> ">";
            case JGE -> ">=";
            case JSET -> "&";
            case JNE -> "!=";
            case JSGT -> "s>";
            case JSGE -> "s>=";
            case JLT -> "<";
            case JLE -> "<=";
            case JSLT -> "s<";
            case JSLE -> "s<=";
        };
    }

    static @Nullable Cond cond(String spelling) {
        return COND.get(spelling);
    }

    /**
     * For an atomic without fetch the assignment operator, for one with fetch the function, such as
     * {@code atomic64_fetch_add}.
     */
    static String atomic(Op op) {
        Atomic operator = op.atomic();
        return switch (operator) {
            case ADD -> "+=";
            case OR -> "|=";
            case AND -> "&=";
            case XOR -> "^=";
            case FETCH_ADD, FETCH_OR, FETCH_AND, FETCH_XOR, XCHG, CMPXCHG ->
                (op.is64() ? "atomic64_" : "atomic_") + operator.name().toLowerCase(Locale.ROOT);
        };
    }

    /** The byte swap's function, such as {@code be16}. */
    static String byteSwap(Op op) {
        return op.name().toLowerCase(Locale.ROOT);
    }

    /** The cell's unsigned type, such as {@code u32}. */
    static String cell(int widthBits) {
        return "u" + widthBits;
    }

    /** The row of this kind, width and operand; null if there is none. */
    static @Nullable Op row(Kind kind, int width, Operand operand, @Nullable Object operator) {
        return ROWS.get(new Key(kind, width, operand, operator));
    }

    /** Row with the spelling as operator: for byte swaps and atomics. */
    static @Nullable Op row(Kind kind, int width, String spelling) {
        return ROWS.get(new Key(kind, width, kind == Kind.ATOMIC ? Operand.REG : Operand.NONE, spelling));
    }

    private static Map<Key, Op> rows() {
        Map<Key, Op> rows = new HashMap<>();
        for (Op op : Op.values()) {
            Object operator =
                    switch (op.kind()) {
                        case ALU -> op.alu();
                        case JCC -> op.cond();
                        case MOVSX -> op.fromWidth();
                        case ATOMIC -> atomic(op);
                        case BYTE_SWAP -> byteSwap(op);
                        case LDDW -> op;
                        default -> null;
                    };
            Op other = rows.put(new Key(op.kind(), op.width(), op.operand(), operator), op);
            if (other != null) {
                throw new AssertionError(op + " and " + other + " have the same spelling");
            }
        }
        return rows;
    }

    private static <T> Map<String, T> inverse(T[] values, Function<T, String> spelling) {
        Map<String, T> bySpelling = new HashMap<>();
        for (T value : values) {
            bySpelling.put(spelling.apply(value), value);
        }
        return bySpelling;
    }

    private record Key(
            Kind kind, int width, Operand operand, @Nullable Object operator) {}
}
