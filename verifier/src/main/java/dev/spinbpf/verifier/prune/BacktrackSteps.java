package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import org.jspecify.annotations.Nullable;

/**
 * One instruction seen backwards: from the registers and slots wanted after it to those wanted before it.
 *
 * <p>What must hold: if the values wanted before the instruction are known, so are those wanted after it. A value that
 * the instruction defines comes from the registers that it uses, or from the memory that it loads; the columns of
 * {@link Op} say which registers. A value that it does not define is the same before it. Where that cannot be said, the
 * walk ends and the caller makes everything precise.
 */
final class BacktrackSteps {
    private static final int R0 = 0;
    private static final int FRAME_POINTER = 1 << Insn.FRAME_POINTER;

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
    boolean step(Exploration path, int at, int following, @Nullable JmpHistoryEntry entry) {
        Insn insn = path.unit().insn(at);
        if (insn.op() == Op.LDDW_HI) {
            return true;
        }
        addLinked(entry);
        return switch (insn.op().kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST, LDDW -> computed(insn, entry);
            case LDX, LDXSX, LOAD_ACQUIRE -> loaded(insn, entry);
            case ATOMIC -> insn.definedRegs() != 0 ? loaded(insn, entry) : stored(insn, entry);
            case ST, STX, STORE_RELEASE -> stored(insn, entry);
            case JCC -> compared(insn, entry);
            case CALL_SUBPROG -> callSubprog(path, insn, at, following);
            case CALL_HELPER, CALL_KFUNC -> call(path, insn, at, following, entry);
            case EXIT -> exit(path, following);
            case LD_ABS, LD_IND -> !marks.hasReg(R0) && (following == at + 1 || marks.enter());
            case JA, MAY_GOTO, GOTO_REG, LDDW_HI -> true;
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

    /** The value comes from registers: what the instruction uses is wanted in place of what it defines. */
    private boolean computed(Insn insn, @Nullable JmpHistoryEntry entry) {
        int defined = insn.definedRegs();
        if (marks.hasAny(defined)) {
            marks.clearRegs(defined);
            marks.setRegs(insn.usedRegs() & ~FRAME_POINTER);
            addLinked(entry);
        }
        return true;
    }

    /**
     * The value comes from memory: if that is the stack, the slot is wanted in place of what the instruction defines.
     */
    private boolean loaded(Insn insn, @Nullable JmpHistoryEntry entry) {
        int defined = insn.definedRegs();
        if (!marks.hasAny(defined)) {
            return true;
        }
        marks.clearRegs(defined);
        if (entry != null && has(entry, JmpHistoryEntry.INSN_F_STACK_ACCESS)) {
            marks.setSlot(entry.frame(), entry.spi());
            addLinked(entry);
        }
        return true;
    }

    /** The value goes to memory: if that is a slot that is wanted, the register stored there is, in its place. */
    private boolean stored(Insn insn, @Nullable JmpHistoryEntry entry) {
        if (marks.hasReg(insn.dst())) {
            // A scalar cannot be stored through: pointers were subtracted.
            return false;
        }
        boolean wanted = entry != null
                && has(entry, JmpHistoryEntry.INSN_F_STACK_ACCESS)
                && marks.hasSlot(entry.frame(), entry.spi());
        if (entry != null && wanted) {
            marks.clearSlot(entry.frame(), entry.spi());
            if (insn.op().usesSrcRegister()) {
                marks.setReg(insn.src());
            }
            addLinked(entry);
        }
        return true;
    }

    /**
     * Something learnt of one operand came from the other too: if one is wanted, both are, pointers into stacks
     * excepted.
     */
    private boolean compared(Insn insn, @Nullable JmpHistoryEntry entry) {
        int used = insn.usedRegs();
        if (marks.hasAny(used)) {
            int srcPointer = has(entry, JmpHistoryEntry.INSN_F_SRC_REG_STACK) ? 1 << insn.src() : 0;
            int dstPointer = has(entry, JmpHistoryEntry.INSN_F_DST_REG_STACK) ? 1 << insn.dst() : 0;
            marks.setRegs(used & ~(srcPointer | dstPointer));
            addLinked(entry);
        }
        return true;
    }

    private boolean callSubprog(Exploration path, Insn insn, int at, int following) {
        int subprog = path.unit().findSubprog(at + insn.immLow() + 1);
        if (subprog < 0) {
            return false;
        }
        if (path.unit().subprog(subprog).global) {
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

    private boolean call(Exploration path, Insn insn, int at, int following, @Nullable JmpHistoryEntry entry) {
        if (path.unit().aux(at).callsCallback && at != following - 1) {
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
        return insn.op() == Op.CALL_HELPER && insn.immLow() == HelperIds.BPF_FUNC_TAIL_CALL;
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

    private boolean exit(Exploration path, int following) {
        boolean fromCall =
                following >= 1 && path.unit().insn(following - 1).op().kind() == Op.Kind.CALL_SUBPROG;
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
}
