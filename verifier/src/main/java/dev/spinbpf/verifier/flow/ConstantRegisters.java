package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.state.MapInfo;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds registers that hold the same constant on all paths, by a data flow analysis of the program text, and replaces
 * conditional jumps that such constants decide. Linux's const_fold.c.
 */
public final class ConstantRegisters {
    private static final int TRACKED = 10;
    private static final long LOW32 = 0xffff_ffffL;

    private final ProgramUnit unit;
    /** For each slot the registers before it; null where the analysis did not come. */
    private final Known[] @Nullable [] before;

    /** The contents of a register. */
    private record Known(Kind kind, int map, long value) {
        static final Known UNKNOWN = new Known(Kind.UNKNOWN, 0, 0);

        static Known constant(long value) {
            return new Known(Kind.CONST, 0, value);
        }

        boolean isConst() {
            return kind == Kind.CONST;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Known known && kind == known.kind && map == known.map && value == known.value;
        }

        @Override
        public int hashCode() {
            return (kind.hashCode() * 31 + map) * 31 + Long.hashCode(value);
        }

        Known plus(long distance) {
            return isConst() || kind == Kind.MAP_VALUE ? new Known(kind, map, value + distance) : UNKNOWN;
        }
    }

    private enum Kind {
        UNKNOWN,
        CONST,
        MAP_PTR,
        MAP_VALUE,
        SUBPROG
    }

    private ConstantRegisters(ProgramUnit unit) {
        this.unit = unit;
        before = new Known[unit.length()][];
    }

    /** Fills the constants of {@link InsnAux}. */
    public static void compute(ProgramUnit unit) {
        new ConstantRegisters(unit).run();
    }

    private void run() {
        for (SubprogInfo subprog : unit.subprogs()) {
            Known[] entry = new Known[TRACKED];
            Arrays.fill(entry, Known.UNKNOWN);
            before[subprog.start] = entry;
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = unit.postorder.length - 1; i >= 0; i--) {
                int at = unit.postorder[i];
                Known[] in = before[at];
                if (in == null) {
                    continue;
                }
                Known[] out = in.clone();
                transfer(out, unit.insn(at), at);
                for (int successor : unit.cfg().successors(at)) {
                    changed |= join(successor, out);
                }
            }
        }
        for (int i = 0; i < before.length; i++) {
            Known[] known = before[i];
            if (known != null) {
                save(unit.aux(i), known);
            }
        }
    }

    private boolean join(int target, Known[] out) {
        Known[] old = before[target];
        if (old == null) {
            before[target] = out.clone();
            return true;
        }
        boolean changed = false;
        for (int r = 0; r < TRACKED; r++) {
            if (old[r].kind() != Kind.UNKNOWN && !old[r].equals(out[r])) {
                old[r] = Known.UNKNOWN;
                changed = true;
            }
        }
        return changed;
    }

    private static void save(InsnAux aux, Known[] known) {
        int[] values = new int[TRACKED];
        aux.constRegs = 0;
        aux.constMapRegs = 0;
        aux.constSubprogRegs = 0;
        for (int r = 0; r < TRACKED; r++) {
            Known reg = known[r];
            switch (reg.kind()) {
                case CONST -> {
                    if (reg.value() == (reg.value() & LOW32)) {
                        aux.constRegs |= 1 << r;
                        values[r] = (int) reg.value();
                    }
                }
                case MAP_PTR -> {
                    aux.constMapRegs |= 1 << r;
                    values[r] = reg.map();
                }
                case SUBPROG -> {
                    aux.constSubprogRegs |= 1 << r;
                    values[r] = (int) reg.value();
                }
                case UNKNOWN, MAP_VALUE -> {}
            }
        }
        aux.constRegValues = values;
    }

    private void transfer(Known[] regs, Insn insn, int at) {
        switch (insn.op().kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST -> set(regs, insn.dst(), computed(regs, insn));
            case LDDW -> set(regs, insn.dst(), loaded(insn, at));
            case LDX, LDXSX -> set(regs, insn.dst(), loaded(get(regs, insn.src()), insn));
            case CALL_HELPER, CALL_SUBPROG, CALL_KFUNC, LD_ABS, LD_IND -> Arrays.fill(regs, 0, 6, Known.UNKNOWN);
            case ATOMIC -> {
                if (insn.op().atomic().fetches()) {
                    boolean intoR0 = insn.op().atomic() == Op.Atomic.CMPXCHG;
                    set(regs, intoR0 ? 0 : insn.src(), Known.UNKNOWN);
                }
            }
            case LOAD_ACQUIRE -> set(regs, insn.dst(), Known.UNKNOWN);
            case JA, JCC, MAY_GOTO, GOTO_REG, EXIT, ST, STX, STORE_RELEASE, LDDW_HI -> {}
        }
    }

    /** Writes to the frame pointer, which the walk refuses later, change nothing here. */
    private static void set(Known[] regs, int regno, Known value) {
        if (regno < TRACKED) {
            regs[regno] = value;
        }
    }

    private static Known get(Known[] regs, int regno) {
        return regno < TRACKED ? regs[regno] : Known.UNKNOWN;
    }

    private static Known computed(Known[] regs, Insn insn) {
        Known result = computed64(regs, insn);
        if (insn.op().is64() || insn.op().kind() == Op.Kind.BYTE_SWAP) {
            return result;
        }
        return result.isConst() ? Known.constant(result.value() & LOW32) : Known.UNKNOWN;
    }

    private static Known computed64(Known[] regs, Insn insn) {
        Known dst = get(regs, insn.dst());
        Known src = get(regs, insn.src());
        if (insn.op().kind() == Op.Kind.MOVSX) {
            int unused = Long.SIZE - insn.op().fromWidth();
            return src.isConst() ? Known.constant(src.value() << unused >> unused) : Known.UNKNOWN;
        }
        if (insn.op().kind() != Op.Kind.ALU) {
            return Known.UNKNOWN;
        }
        boolean immediate = insn.op().operand() == Op.Operand.IMM;
        return switch (insn.op().alu()) {
            case MOV -> immediate ? Known.constant(insn.imm()) : src;
            case ADD -> immediate ? dst.plus(insn.imm()) : Known.UNKNOWN;
            case SUB -> immediate ? dst.plus(-insn.imm()) : Known.UNKNOWN;
            case AND -> and(dst, immediate ? Known.constant(insn.imm()) : src);
            default -> Known.UNKNOWN;
        };
    }

    private static Known and(Known dst, Known src) {
        boolean zero = (dst.isConst() && dst.value() == 0) || (src.isConst() && src.value() == 0);
        if (zero) {
            return Known.constant(0);
        }
        return dst.isConst() && src.isConst() ? Known.constant(dst.value() & src.value()) : Known.UNKNOWN;
    }

    private Known loaded(Insn insn, int at) {
        return switch (insn.op()) {
            case LDDW_IMM64 -> Known.constant(insn.imm());
            case LDDW_FUNC -> new Known(Kind.SUBPROG, 0, unit.findSubprog(at + insn.immLow() + 1));
            case LDDW_MAP_VALUE, LDDW_MAP_IDX_VALUE -> new Known(Kind.MAP_VALUE, insn.immLow(), insn.immHigh());
            case LDDW_MAP_FD, LDDW_MAP_IDX -> new Known(Kind.MAP_PTR, insn.immLow(), 0);
            default -> Known.UNKNOWN;
        };
    }

    private Known loaded(Known pointer, Insn insn) {
        if (pointer.kind() != Kind.MAP_VALUE) {
            return Known.UNKNOWN;
        }
        MapInfo map = unit.maps().get(pointer.map());
        boolean signExtend = insn.op().kind() == Op.Kind.LDXSX;
        long off = signExtend(pointer.value() + insn.off());
        Long value = map.constant(off, insn.op().widthBytes(), signExtend);
        return value == null ? Known.UNKNOWN : Known.constant(value);
    }

    /** Replaces conditional jumps that constants decide by unconditional ones; true if there were any. */
    public static boolean pruneDeadBranches(ProgramUnit unit) {
        boolean changed = false;
        for (int i = 0; i < unit.length(); i++) {
            Insn insn = unit.insn(i);
            int[] values = unit.aux(i).constRegValues;
            if (insn.op().kind() != Op.Kind.JCC || values == null) {
                continue;
            }
            boolean immediate = insn.op().operand() == Op.Operand.IMM;
            int needed = (1 << insn.dst()) | (immediate ? 0 : 1 << insn.src());
            if ((unit.aux(i).constRegs & needed) != needed) {
                continue;
            }
            long dst = values[insn.dst()] & LOW32;
            long src = immediate ? insn.imm() : values[insn.src()] & LOW32;
            boolean taken = insn.op().is64()
                    ? isTaken(insn.op().cond(), dst, src)
                    : isTaken(insn.op().cond(), signExtend(dst), signExtend(src));
            unit.setInsn(i, new Insn(Op.JA, 0, 0, taken ? insn.off() : 0, 0));
            changed = true;
        }
        return changed;
    }

    private static long signExtend(long low32) {
        return low32 << Integer.SIZE >> Integer.SIZE;
    }

    private static boolean isTaken(Op.Cond cond, long dst, long src) {
        return switch (cond) {
            case JEQ -> dst == src;
            case JNE -> dst != src;
            case JGT -> Long.compareUnsigned(dst, src) > 0;
            case JGE -> Long.compareUnsigned(dst, src) >= 0;
            case JLT -> Long.compareUnsigned(dst, src) < 0;
            case JLE -> Long.compareUnsigned(dst, src) <= 0;
            case JSGT -> dst > src;
            case JSGE -> dst >= src;
            case JSLT -> dst < src;
            case JSLE -> dst <= src;
            case JSET -> (dst & src) != 0;
        };
    }
}
