package dev.spinbpf.programs.isa;

import dev.spinbpf.programs.isa.Op.Field;
import dev.spinbpf.programs.isa.Op.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random instructions with every operand field of their row filled, for tests that go through all operations. */
public final class RandomInsns {
    private static final Op[] OPS = Op.values();
    private static final int[] EDGES = {0, 1, -1, 7, 8, 255, Integer.MAX_VALUE, Integer.MIN_VALUE, 0x10000};

    private final RandomGenerator random;

    public RandomInsns(RandomGenerator random) {
        this.random = random;
    }

    /** A random instruction of the row. */
    public Insn insn(Op op) {
        long imm = op.uses(Field.IMM) ? imm(op) : 0;
        return new Insn(
                op,
                op.uses(Field.DST) ? random.nextInt(11) : 0,
                op.uses(Field.SRC) ? random.nextInt(11) : 0,
                op.uses(Field.OFF) ? (short) edgy() : 0,
                imm);
    }

    /** A program of about this many slots, wide loads with both of theirs. */
    public List<Insn> program(int slots) {
        List<Insn> insns = new ArrayList<>();
        while (insns.size() < slots) {
            Op op = OPS[random.nextInt(OPS.length)];
            if (op.kind() != Kind.LDDW_HI) {
                insns.addAll(slots(insn(op)));
            }
        }
        return insns;
    }

    /** The instruction, and its second slot if it has one. */
    public static List<Insn> slots(Insn insn) {
        return insn.slots() == 1 ? List.of(insn) : List.of(insn, Insn.LDDW_SECOND_SLOT);
    }

    private long imm(Op op) {
        if (op.kind() != Kind.LDDW) {
            return edgy();
        }
        return op.hasUpperImm() ? (long) edgy() << 32 | Integer.toUnsignedLong(edgy()) : Integer.toUnsignedLong(edgy());
    }

    private int edgy() {
        return random.nextInt(3) == 0 ? EDGES[random.nextInt(EDGES.length)] : random.nextInt() >> random.nextInt(32);
    }
}
