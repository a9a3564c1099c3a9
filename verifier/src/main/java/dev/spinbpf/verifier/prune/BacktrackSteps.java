package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import org.jspecify.annotations.Nullable;

/** One instruction seen backwards: from what was wanted after it to what is wanted before it. */
final class BacktrackSteps {
    private static final int R0 = 0;
    private static final int BPF_FUNC_TAIL_CALL = 12;

    private final BacktrackState marks;

    BacktrackSteps(BacktrackState marks) {
        this.marks = marks;
    }

    /**
     * Steps back over an instruction.
     *
     * @param at its slot
     * @param following the slot that was executed next
     * @param entry what the path's history notes of it
     * @return false if it cannot be followed
     */
    boolean step(VerifierEnv env, int at, int following, @Nullable JmpHistoryEntry entry) {
        Insn insn = env.insn(at);
        if (insn.op() == Op.LDDW_HI) {
            return true;
        }
        addLinked(entry);
        return switch (insn.op().kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST -> arithmetic(insn, entry);
            case LDX, LDXSX, LOAD_ACQUIRE -> load(insn.dst(), entry);
            case ATOMIC -> atomic(insn, entry);
            case ST, STX, STORE_RELEASE -> store(insn, entry);
            case CALL_SUBPROG -> callSubprog(env, insn, at, following);
            case CALL_HELPER, CALL_KFUNC -> call(env, insn, at, following, entry);
            case EXIT -> exit(env, following);
            case JCC -> compare(insn, entry);
            case JA, MAY_GOTO, GOTO_REG -> {
                addLinked(entry);
                yield true;
            }
            case LDDW, LDDW_HI -> {
                marks.clearReg(insn.dst());
                yield true;
            }
            case LD_ABS, LD_IND -> !marks.hasReg(R0) && (following == at + 1 || marks.enter());
        };
    }

    private void addLinked(@Nullable JmpHistoryEntry entry) {
        if (entry != null) {
            marks.addLinked(entry.linkedRegs());
        }
    }

    private static boolean has(@Nullable JmpHistoryEntry entry, int flag) {
        return entry != null && (entry.flags() & flag) != 0;
    }

    private boolean arithmetic(Insn insn, @Nullable JmpHistoryEntry entry) {
        Op op = insn.op();
        boolean changes = op.kind() == Op.Kind.NEG || op.kind() == Op.Kind.BYTE_SWAP;
        if (!marks.hasReg(insn.dst()) || changes) {
            return true;
        }
        boolean moves = op.kind() != Op.Kind.ALU || op.alu() == Op.Alu.MOV;
        if (moves) {
            marks.clearReg(insn.dst());
        }
        if (op.usesSrcRegister() && insn.src() != Insn.FRAME_POINTER) {
            marks.setReg(insn.src());
        }
        addLinked(entry);
        return true;
    }

    private boolean load(int target, @Nullable JmpHistoryEntry entry) {
        if (!marks.hasReg(target)) {
            return true;
        }
        marks.clearReg(target);
        if (entry != null && has(entry, JmpHistoryEntry.INSN_F_STACK_ACCESS)) {
            marks.setSlot(entry.frame(), entry.spi());
            addLinked(entry);
        }
        return true;
    }

    private boolean atomic(Insn insn, @Nullable JmpHistoryEntry entry) {
        Op.Atomic operator = insn.op().atomic();
        if (!operator.fetches()) {
            return store(insn, entry);
        }
        return load(operator == Op.Atomic.CMPXCHG ? R0 : insn.src(), entry);
    }

    private boolean store(Insn insn, @Nullable JmpHistoryEntry entry) {
        if (marks.hasReg(insn.dst())) {
            // A scalar cannot be stored through: pointers were subtracted.
            return false;
        }
        if (entry == null || !has(entry, JmpHistoryEntry.INSN_F_STACK_ACCESS)) {
            return true;
        }
        if (marks.hasSlot(entry.frame(), entry.spi())) {
            marks.clearSlot(entry.frame(), entry.spi());
            if (insn.op().kind() != Op.Kind.ST) {
                marks.setReg(insn.src());
            }
            addLinked(entry);
        }
        return true;
    }

    private boolean callSubprog(VerifierEnv env, Insn insn, int at, int following) {
        int subprog = env.findSubprog(at + insn.immLow() + 1);
        if (subprog < 0) {
            return false;
        }
        if (env.subprog(subprog).global) {
            marks.clearReg(R0);
            return at + 1 == following && (marks.regMask() & BacktrackState.ARGS) == 0;
        }
        // The callee is left: only its arguments can still be wanted.
        if ((marks.regMask() & ~BacktrackState.ARGS) != 0 || marks.slotMask() != 0) {
            return false;
        }
        int arguments = marks.regMask();
        int callee = marks.frame();
        if (!marks.leave()) {
            return false;
        }
        for (int reg = 1; reg <= 5; reg++) {
            if ((arguments >>> reg & 1) != 0) {
                marks.clearReg(callee, reg);
                marks.setReg(reg);
            }
        }
        return true;
    }

    private boolean call(VerifierEnv env, Insn insn, int at, int following, @Nullable JmpHistoryEntry entry) {
        if (env.aux(at).callsCallback && at != following - 1) {
            return leaveCallback();
        }
        marks.clearReg(R0);
        if ((marks.regMask() & BacktrackState.ARGS) != 0) {
            return false;
        }
        if (isTailCall(insn) && following - at != 1 && !marks.enter()) {
            return false;
        }
        addLinked(entry);
        return true;
    }

    private static boolean isTailCall(Insn insn) {
        return insn.op() == Op.CALL_HELPER && insn.immLow() == BPF_FUNC_TAIL_CALL;
    }

    /** A callback's arguments are not those of the call that calls it. */
    private boolean leaveCallback() {
        if ((marks.regMask() & ~BacktrackState.ARGS) != 0 || marks.slotMask() != 0) {
            return false;
        }
        for (int reg = 1; reg <= 5; reg++) {
            marks.clearReg(reg);
        }
        return marks.leave();
    }

    private boolean exit(VerifierEnv env, int following) {
        boolean fromCall = following >= 1 && env.insn(following - 1).op().kind() == Op.Kind.CALL_SUBPROG;
        boolean resultWanted = fromCall && marks.hasReg(R0);
        if (fromCall && (marks.regMask() & BacktrackState.ARGS) != 0) {
            return false;
        }
        marks.clearReg(R0);
        if (!marks.enter()) {
            return false;
        }
        if (resultWanted) {
            marks.setReg(R0);
        }
        return true;
    }

    private boolean compare(Insn insn, @Nullable JmpHistoryEntry entry) {
        if (insn.op().usesSrcRegister()) {
            if (!marks.hasReg(insn.dst()) && !marks.hasReg(insn.src())) {
                return true;
            }
            if (!has(entry, JmpHistoryEntry.INSN_F_SRC_REG_STACK)) {
                marks.setReg(insn.src());
            }
            if (!has(entry, JmpHistoryEntry.INSN_F_DST_REG_STACK)) {
                marks.setReg(insn.dst());
            }
        }
        addLinked(entry);
        return true;
    }
}
