package dev.spinbpf.programs.isa;

import org.jspecify.annotations.Nullable;

/** The columns of one {@link Op}, as its constructor fills them in. */
final class OpRow {
    final int opcode;
    final Op.Kind kind;
    final int width;
    final Op.Group group;
    int fromWidth;
    Op.Operand operand = Op.Operand.NONE;
    Op.Field keyField = Op.Field.NONE;
    int key;

    Op.@Nullable Alu alu;

    Op.@Nullable Cond cond;

    Op.@Nullable Atomic atomic;

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
}
