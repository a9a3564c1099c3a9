package dev.spinbpf.programs.isa;

import org.jspecify.annotations.Nullable;

/** The columns of one {@link Op}. */
record OpRow(
        int opcode,
        Op.Kind kind,
        int width,
        Op.Group group,
        int fromWidth,
        Op.Operand operand,
        Op.Field keyField,
        int key,
        Op.@Nullable Alu alu,
        Op.@Nullable Cond cond,
        Op.@Nullable Atomic atomic) {

    OpRow(int opcode, Op.Kind kind, int width, Op.Group group) {
        this(opcode, kind, width, group, 0, Op.Operand.NONE, Op.Field.NONE, 0, null, null, null);
    }

    OpRow alu(Op.Alu value) {
        return new OpRow(opcode, kind, width, group, fromWidth, operand, keyField, key, value, cond, atomic);
    }

    OpRow cond(Op.Cond value) {
        return new OpRow(opcode, kind, width, group, fromWidth, operand, keyField, key, alu, value, atomic);
    }

    OpRow atomic(Op.Atomic value) {
        return new OpRow(opcode, kind, width, group, fromWidth, operand, keyField, key, alu, cond, value);
    }

    OpRow from(int bits) {
        return new OpRow(opcode, kind, width, group, bits, operand, keyField, key, alu, cond, atomic);
    }

    OpRow operand(Op.Operand value) {
        return new OpRow(opcode, kind, width, group, fromWidth, value, keyField, key, alu, cond, atomic);
    }

    OpRow key(Op.Field field, int value) {
        return new OpRow(opcode, kind, width, group, fromWidth, operand, field, value, alu, cond, atomic);
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
