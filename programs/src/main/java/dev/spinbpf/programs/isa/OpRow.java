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
}
