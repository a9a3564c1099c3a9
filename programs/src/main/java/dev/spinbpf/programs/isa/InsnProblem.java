package dev.spinbpf.programs.isa;

import dev.spinbpf.programs.isa.Op.Field;
import dev.spinbpf.programs.isa.Op.Kind;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The reason why a slot of bytes is no instruction.
 *
 * @param kind what is wrong
 * @param slot the slot that holds the field at fault (for a two-slot instruction it may be the second one)
 * @param opcode the instruction's opcode byte
 * @param op the operation, as far as the opcode and the fields that are right determine it; null if they do not
 * @param field the field at fault, {@link Field#NONE} for the opcode byte or the instruction as a whole
 * @param value what the field holds; the opcode byte where there is no field
 * @param expected the values that the field may have, ascending; empty where that is not a list of values
 */
public record InsnProblem(
        What kind, int slot, int opcode, @Nullable Op op, Field field, long value, List<Integer> expected) {

    /** The ways in which bytes fail to be an instruction. */
    public enum What {
        /** No operation has this opcode byte. */
        UNKNOWN_OPCODE,
        /** The field that selects among the operations of this opcode byte holds none of their values. */
        UNKNOWN_VARIANT,
        /** A field that the operation does not use is not zero. */
        RESERVED_FIELD,
        /** A register number above r10. */
        INVALID_REGISTER,
        /** The program ends within a two-slot instruction, or its second slot has an opcode byte. */
        CUT_SHORT,
        /** The program's length is no multiple of the slot's size. */
        PARTIAL_SLOT
    }

    private static final int CLASS_MASK = 0x07;
    private static final int CLASS_LD = 0x00;
    private static final int CLASS_LDX = 0x01;
    private static final int CLASS_ST = 0x02;
    private static final int CLASS_STX = 0x03;
    private static final int CLASS_ALU = 0x04;
    private static final int CLASS_ALU64 = 0x07;
    private static final int OPERATION_MASK = 0xf0;
    private static final int SOURCE_REGISTER = 0x08;

    /** A sentence that names slot, field, value and what was expected. */
    public String message() {
        return "slot " + slot + ": " + reason();
    }

    private String reason() {
        String where = field.name().toLowerCase(Locale.ROOT);
        return switch (kind) {
            case UNKNOWN_OPCODE -> "unknown opcode 0x%02x".formatted(opcode);
            case UNKNOWN_VARIANT ->
                "opcode 0x%02x: field %s is %s, expected %s".formatted(opcode, where, shown(value), expectation());
            case RESERVED_FIELD ->
                "%s: reserved field %s is %s, expected %s".formatted(name(), where, shown(value), expectation());
            case INVALID_REGISTER ->
                "opcode 0x%02x: field %s names register r%d, expected r0 to r10".formatted(opcode, where, value);
            case CUT_SHORT ->
                field == Field.NONE && value == opcode
                        ? "%s: the program ends before its second slot".formatted(name())
                        : "%s: the second slot has opcode 0x%02x, expected 0x00".formatted(name(), value);
            case PARTIAL_SLOT -> "the program ends after %d bytes of a slot of %d".formatted(value, Insn.SLOT_BYTES);
        };
    }

    /** The last line of the log that Linux writes when it refuses a program for this (kernel/bpf/verifier.c). */
    public String kernelMessage() {
        return switch (kind) {
            case UNKNOWN_OPCODE -> "unknown opcode %02x".formatted(opcode);
            case INVALID_REGISTER -> "R%d is invalid".formatted(value);
            case CUT_SHORT -> "invalid bpf_ld_imm64 insn";
            case PARTIAL_SLOT -> "";
            case UNKNOWN_VARIANT, RESERVED_FIELD -> fieldMessage();
        };
    }

    private String fieldMessage() {
        return switch (opcode & CLASS_MASK) {
            case CLASS_LD -> loadMessage();
            case CLASS_LDX -> reserved("LDX");
            case CLASS_ST -> reserved("ST");
            case CLASS_STX -> kind == What.UNKNOWN_VARIANT ? atomicMessage() : reserved("STX");
            case CLASS_ALU, CLASS_ALU64 -> aluMessage();
            default -> jumpMessage();
        };
    }

    private String loadMessage() {
        return switch (op) {
            case null -> "unrecognized bpf_ld_imm64 insn";
            case LDDW_HI -> "invalid bpf_ld_imm64 insn";
            case Op wide
            when wide.kind() == Kind.LDDW ->
                field == Field.IMM ? "unrecognized bpf_ld_imm64 insn" : reserved("LD_IMM64");
            default -> reserved("LD_[ABS|IND]");
        };
    }

    private String atomicMessage() {
        for (Op candidate : Op.values()) {
            if (candidate.kind() == Kind.ATOMIC && candidate.key() == value) {
                return "invalid atomic operand size";
            }
        }
        return "BPF_ATOMIC uses invalid atomic opcode %02x".formatted((int) value);
    }

    private String aluMessage() {
        return reserved(
                switch (opcode & OPERATION_MASK) {
                    case 0x80 -> "NEG";
                    case 0xb0 -> "MOV";
                    case 0xd0 -> "END";
                    default -> "ALU";
                });
    }

    private String jumpMessage() {
        return switch (opcode & OPERATION_MASK) {
            case 0x00 -> reserved((opcode & SOURCE_REGISTER) != 0 ? "JA|BPF_X" : "JA");
            case 0x80 -> reserved("CALL");
            case 0x90 -> reserved("EXIT");
            case 0xe0 -> "invalid may_goto imm %d".formatted(field == Field.IMM ? value : 0);
            default -> reserved("JMP/JMP32");
        };
    }

    private static String reserved(String what) {
        return "BPF_" + what + " uses reserved fields";
    }

    private String name() {
        return op == null ? "opcode 0x%02x".formatted(opcode) : op.name();
    }

    private String expectation() {
        return expected.stream().map(InsnProblem::shown).collect(Collectors.joining(" or "));
    }

    private static String shown(long number) {
        return number < 10 ? Long.toString(number) : "0x%x".formatted(number);
    }
}
