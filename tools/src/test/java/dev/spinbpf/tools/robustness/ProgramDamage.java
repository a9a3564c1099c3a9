package dev.spinbpf.tools.robustness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.isa.Op.Field;
import dev.spinbpf.programs.isa.Op.Kind;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Replaces instructions of linked programs by others that decode, so that the damage gets as far as the verifier's rules. References to maps and
 * kernel functions stay such as a loader makes them.
 */
final class ProgramDamage {
    private static final Op[] OPS = Op.values();
    private static final int HELPERS = 215;
    private static final int[] EDGES = {0, 1, -1, 7, 8, -8, 16, 255, 256, 512, -512, 65_536, 1 << 30, -1 << 31};

    private final SplittableRandom random;

    ProgramDamage(SplittableRandom random) {
        this.random = random;
    }

    /** The object with all its programs changed in one to ten places, or in many. */
    ProgramObject anywhere(ProgramObject object) {
        List<Program> programs = new ArrayList<>();
        for (Program program : object.programs()) {
            programs.add(damage(object, program));
        }
        return new ProgramObject(
                object.fileName(),
                object.license(),
                programs,
                object.maps(),
                object.kfuncs(),
                object.btf(),
                object.notes(),
                object.ksyms(),
                object.unlinked(),
                object.unresolved(),
                object.refusal());
    }

    private Program damage(ProgramObject object, Program program) {
        List<Insn> insns = new ArrayList<>(program.insns());
        int changes = random.nextInt(8) == 0 ? insns.size() : 1 + random.nextInt(10);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(insns.size());
            if (isSingle(insns.get(at))) {
                insns.set(at, changed(object, insns, insns.get(at)));
            }
        }
        return new Program(
                program.name(),
                program.section(),
                program.type(),
                program.attachType(),
                program.attachTarget(),
                program.sleepable(),
                program.autoload(),
                List.copyOf(insns),
                program.subprogs(),
                program.lines());
    }

    private Insn changed(ProgramObject object, List<Insn> insns, Insn before) {
        Insn other = insns.get(random.nextInt(insns.size()));
        return switch (random.nextInt(5)) {
            case 0 -> isSingle(other) ? other : before;
            case 1 -> withRegisters(before);
            case 2 -> before.op().uses(Field.OFF) ? with(before, (short) number(40), before.imm()) : before;
            case 3 -> before.op().uses(Field.IMM) ? with(before, before.off(), imm(object, before.op())) : before;
            default -> fresh(object);
        };
    }

    private Insn fresh(ProgramObject object) {
        Op op = OPS[random.nextInt(OPS.length)];
        while (op.kind() == Kind.LDDW || op.kind() == Kind.LDDW_HI) {
            op = OPS[random.nextInt(OPS.length)];
        }
        if (op == Op.CALL_KFUNC && object.kfuncs().isEmpty()) {
            op = Op.EXIT;
        }
        long imm = op.uses(Field.IMM) ? imm(object, op) : 0;
        return withRegisters(
                new Insn(op, 0, 0, op.uses(Field.OFF) && op != Op.CALL_KFUNC ? (short) number(16) : 0, imm));
    }

    private long imm(ProgramObject object, Op op) {
        return switch (op) {
            case CALL_HELPER -> random.nextInt(HELPERS);
            case CALL_KFUNC -> random.nextInt(object.kfuncs().size());
            default -> number(64);
        };
    }

    private int number(int small) {
        return random.nextInt(4) == 0 ? EDGES[random.nextInt(EDGES.length)] : random.nextInt(-small, small);
    }

    private Insn withRegisters(Insn insn) {
        Op op = insn.op();
        return new Insn(
                op,
                op.uses(Field.DST) ? random.nextInt(11) : 0,
                op.uses(Field.SRC) ? random.nextInt(11) : 0,
                insn.off(),
                insn.imm());
    }

    private static Insn with(Insn insn, int off, long imm) {
        return insn.op() == Op.CALL_KFUNC
                ? new Insn(insn.op(), insn.dst(), insn.src(), insn.off(), imm)
                : new Insn(insn.op(), insn.dst(), insn.src(), off, imm);
    }

    private static boolean isSingle(Insn insn) {
        return insn.slots() == 1 && insn.op() != Op.LDDW_HI;
    }
}
