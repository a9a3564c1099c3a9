package dev.spinbpf.vm.soundness;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The instructions of a random program while they are written, and what is known of the registers there. */
abstract class ProgramWriter {
    /** Bytes of the first map's value. */
    static final int VALUE_SIZE = 384;

    /** Bytes of it from which numbers are loaded; into the others they are only stored. */
    static final int SOURCE_SIZE = 320;

    /** Bytes of the second map's value, which programs look up. */
    static final int LOOKED_UP_SIZE = 64;

    static final int CONTEXT = 6;
    static final int VALUE = 7;
    static final int KNOB = 9;
    static final int STACK_SLOTS = 12;
    static final int KNOB_OFFSET = -8 * (STACK_SLOTS + 1);
    static final int MOST_KNOB = 200;
    static final int MOST_DEPTH = 3;
    static final int[] CONTEXT_FIELDS = {0, 8, 12, 16, 20, 24, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72};
    static final int[] WRITABLE_FIELDS = {8, 32, 44, 48, 52, 56, 60, 64};
    static final int DATA = 76;
    static final int DATA_END = 80;
    static final int LOOKUP = 1;
    static final int PRANDOM = 7;

    static final Map<Op.Kind, List<Op>> OPS = new EnumMap<>(Op.Kind.class);

    static {
        for (Op op : Op.values()) {
            OPS.computeIfAbsent(op.kind(), kind -> new ArrayList<>()).add(op);
        }
    }

    final RandomNumbers random;
    final List<Insn> insns = new ArrayList<>();
    final List<Integer> calls = new ArrayList<>();
    boolean[] isNumber = new boolean[Insn.FRAME_POINTER];
    int[] slotBytes = new int[STACK_SLOTS];
    int reserved = 1 << KNOB;
    int recent;
    boolean inFunction;

    ProgramWriter(long seed) {
        random = new RandomNumbers(seed);
    }

    void emit(Op op, int dst, int src, int off, long imm) {
        insns.add(new Insn(op, dst, src, off, imm));
        if (op.kind() == Op.Kind.LDDW) {
            insns.add(Insn.LDDW_SECOND_SLOT);
        }
    }

    /** A register for a new number. */
    int target() {
        while (true) {
            int register = random.oneOf(0, 1, 2, 3, 4, 5, 8);
            if ((reserved >>> register & 1) == 0) {
                return register;
            }
        }
    }

    int numbered(int register) {
        isNumber[register] = true;
        recent = register;
        return register;
    }

    /** A register that holds a number. */
    int number() {
        if (isNumber[recent] && random.once(2)) {
            return recent;
        }
        int start = random.below(Insn.FRAME_POINTER);
        for (int i = 0; i < Insn.FRAME_POINTER; i++) {
            int register = (start + i) % Insn.FRAME_POINTER;
            if (isNumber[register]) {
                return register;
            }
        }
        int register = target();
        emit(Op.MOV64_IMM, register, 0, 0, random.immediate());
        return numbered(register);
    }

    /** As {@link #number()}, but one that may be written. */
    int changeable() {
        for (int i = 0; i < 4; i++) {
            int register = number();
            if ((reserved >>> register & 1) == 0) {
                return register;
            }
        }
        int register = target();
        emit(Op.MOV64_REG, register, number(), 0, 0);
        return numbered(register);
    }

    Op op(Op.Kind kind, Predicate<Op> wanted) {
        List<Op> ops = OPS.getOrDefault(kind, List.of()).stream().filter(wanted).toList();
        return ops.get(random.below(ops.size()));
    }

    int operand(Op op) {
        return switch (op.alu()) {
            case LSH, RSH, ARSH -> random.once(5) ? op.width() / 2 : random.below(op.width());
            case DIV, SDIV, MOD, SMOD -> {
                int divisor = random.once(3) ? random.below(5) - 2 : random.immediate();
                yield divisor == 0 ? 3 : divisor;
            }
            case AND -> random.once(2) ? (1 << random.below(9)) - 1 : random.immediate();
            default -> random.immediate();
        };
    }

    static int offsetOf(int slot) {
        return -8 * (slot + 1);
    }

    /** Emits a jump whose distance is not known yet; returns its slot. */
    int condition() {
        boolean withRegister = random.below(3) == 0;
        Op op = op(Op.Kind.JCC, any -> any.usesSrcRegister() == withRegister);
        int dst = number();
        recent = dst;
        emit(op, dst, withRegister ? number() : 0, 0, withRegister ? 0 : random.immediate());
        return insns.size() - 1;
    }

    void land(int jump) {
        Insn insn = insns.get(jump);
        insns.set(jump, new Insn(insn.op(), insn.dst(), insn.src(), insns.size() - jump - 1, insn.imm()));
    }

    /** Jumps that are to end after the present statement. */
    void landAll(List<Integer> jumps) {
        jumps.forEach(this::land);
    }

    int other(int register) {
        int other = target();
        return other == register ? other(register) : other;
    }

    int jump(Op op, int dst, int src, int imm) {
        emit(op, dst, src, 0, imm);
        return insns.size() - 1;
    }

    int numberBut(int register) {
        int number = number();
        if (number != register) {
            return number;
        }
        int other = other(register);
        emit(Op.MOV64_IMM, numbered(other), 0, 0, 1);
        return other;
    }
}
