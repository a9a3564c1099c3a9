package dev.spinbpf.programs.isa;

import org.jspecify.annotations.Nullable;

/**
 * The columns of one {@link Op}. The table names those that the operation has, where it makes the row; nothing changes
 * a row afterwards.
 */
final class OpRow {
    private final int opcode;
    private final Op.Kind kind;
    private final int width;
    private final Op.Group group;
    private int fromWidth;
    private Op.Operand operand = Op.Operand.NONE;
    private Op.Field keyField = Op.Field.NONE;
    private int key;
    private Op.@Nullable Alu alu;
    private Op.@Nullable Cond cond;
    private Op.@Nullable Atomic atomic;

    OpRow(int opcode, Op.Kind kind, int width, Op.Group group) {
        this.opcode = opcode;
        this.kind = kind;
        this.width = width;
        this.group = group;
    }

    OpRow alu(Op.Alu value) {
        alu = value;
        return this;
    }

    OpRow cond(Op.Cond value) {
        cond = value;
        return this;
    }

    OpRow atomic(Op.Atomic value) {
        atomic = value;
        return this;
    }

    OpRow from(int bits) {
        fromWidth = bits;
        return this;
    }

    OpRow operand(Op.Operand value) {
        operand = value;
        return this;
    }

    OpRow key(Op.Field field, int value) {
        keyField = field;
        key = value;
        return this;
    }

    int opcode() {
        return opcode;
    }

    Op.Kind kind() {
        return kind;
    }

    int width() {
        return width;
    }

    Op.Group group() {
        return group;
    }

    int fromWidth() {
        return fromWidth;
    }

    Op.Operand operand() {
        return operand;
    }

    Op.Field keyField() {
        return keyField;
    }

    int key() {
        return key;
    }

    Op.@Nullable Alu alu() {
        return alu;
    }

    Op.@Nullable Cond cond() {
        return cond;
    }

    Op.@Nullable Atomic atomic() {
        return atomic;
    }

    /** Returns true if the field means something in this row besides telling it apart; otherwise it is reserved. */
    boolean uses(Op.Field field) {
        return switch (field) {
            case NONE -> false;
            case DST -> usesDst();
            case SRC -> operand == Op.Operand.REG;
            case OFF -> usesOff();
            case IMM -> operand == Op.Operand.IMM || usesImmBesidesOperand();
        };
    }

    private boolean usesDst() {
        return switch (kind) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST, JCC, GOTO_REG, LDX, LDXSX, ST, STX -> true;
            case ATOMIC, LOAD_ACQUIRE, STORE_RELEASE, LDDW -> true;
            case JA, MAY_GOTO, CALL_HELPER, CALL_SUBPROG, CALL_KFUNC, EXIT, LD_ABS, LD_IND, LDDW_HI -> false;
        };
    }

    private boolean usesOff() {
        return switch (kind) {
            case JA -> width == Short.SIZE;
            case JCC, MAY_GOTO, CALL_KFUNC, LDX, LDXSX, ST, STX, ATOMIC, LOAD_ACQUIRE, STORE_RELEASE -> true;
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST, GOTO_REG, CALL_HELPER, CALL_SUBPROG -> false;
            case EXIT, LD_ABS, LD_IND, LDDW, LDDW_HI -> false;
        };
    }

    private boolean usesImmBesidesOperand() {
        return switch (kind) {
            case JA -> width == Integer.SIZE;
            case ADDR_SPACE_CAST, CALL_HELPER, CALL_SUBPROG, CALL_KFUNC, LD_IND, LDDW -> true;
            case ALU, MOVSX, NEG, BYTE_SWAP, JCC, MAY_GOTO, GOTO_REG, EXIT, LDX, LDXSX, ST, STX -> false;
            case ATOMIC, LOAD_ACQUIRE, STORE_RELEASE, LD_ABS, LDDW_HI -> false;
        };
    }
}
