package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.domain.ScalarBranch;
import dev.spinbpf.verifier.domain.ScalarBranch.Taken;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.JumpTables;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.prune.Widening;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.LinkedRegs;
import dev.spinbpf.verifier.state.RegPayload.PacketRange;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Conditional jumps: Linux's {@code check_cond_jmp_op}. */
public final class Jumps {
    private Jumps() {}

    /**
     * Checks a conditional jump. Where it may go both ways, the present path goes on with the fall-through and the other
     * one is noted.
     *
     * @return the slot that the present path goes on with
     */
    public static int check(Exploration path, Insn insn, int insnIndex) {
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        VerifierState state = path.state();
        RegState dst = Registers.checkSource(path, insn.dst());
        RegState src = withReg ? Registers.checkSource(path, insn.src()) : Registers.immediate(path, insn);
        pushStackPointers(path, dst, src);

        var linked = new LinkedRegs();
        if (withReg && src.isScalar() && src.id() != 0) {
            LinkedScalars.collect(path, state, src.id(), linked);
        }
        if (dst.isScalar() && dst.id() != 0) {
            LinkedScalars.collect(path, state, dst.id(), linked);
        }
        dst = path.reg(insn.dst());
        src = withReg ? path.reg(insn.src()) : src;
        ScalarBranch.Outcome outcome = decide(path, insn, dst, src);
        if (outcome.taken() != Taken.UNKNOWN) {
            markPrecise(path, insn, dst, src);
            printState(path, state);
            return outcome.taken() == Taken.ALWAYS ? target(insn, insnIndex) : insnIndex + 1;
        }
        if (linked.size() > 1) {
            path.services().precision().pushJmpHistory(path, state, 0, 0, 0, linked.pack());
        }
        VerifierState other = path.pushStack(target(insn, insnIndex), insnIndex);
        if (dst.isScalar() && src.isScalar()) {
            learn(path, insn, other, outcome, linked);
        }
        learnNullness(path, insn, state, other);
        printState(path, state);
        return insnIndex + 1;
    }

    /**
     * Checks a {@code may_goto}: the present path jumps, the one that falls through is noted.
     *
     * @return the slot that the present path goes on with
     */
    public static int checkMayGoto(Exploration path, Insn insn, int insnIndex) {
        VerifierState parent = path.state().parent();
        VerifierState previous =
                parent == null ? null : path.services().stateCache().findPreviousEntry(path, parent, insnIndex);
        VerifierState queued = path.pushStack(insnIndex + 1, insnIndex);
        queued.setMayGotoDepth(queued.mayGotoDepth() + 1);
        if (previous != null) {
            Widening.widen(previous, queued);
        }
        return target(insn, insnIndex);
    }

    /**
     * Checks an indirect jump: the present path takes the last of the slots that the register may name, one path each is noted
     * for the others.
     *
     * @return the slot that the present path goes on with
     */
    public static int checkIndirect(Exploration path, Insn insn, int insnIndex) {
        RegState reg = path.reg(insn.dst());
        if (!reg.is(RegType.PTR_TO_INSN)) {
            throw path.reject(Errno.EINVAL, Message.INSN_POINTER_EXPECTED, insn.dst(), reg.typeText());
        }
        // The load that made the pointer was within the array.
        int first = (int) (reg.umin() / Long.BYTES);
        int[] targets = JumpTables.targets(reg.map(), first, (int) (reg.umax() / Long.BYTES));
        for (int i = 0; i < targets.length - 1; i++) {
            path.pushStack(targets[i], insnIndex);
        }
        return targets[targets.length - 1];
    }

    private static int target(Insn insn, int insnIndex) {
        return insnIndex + insn.jumpOffset() + 1;
    }

    private static void printState(Exploration path, VerifierState state) {
        if (path.log().isWanted()) {
            path.services().printer().printInsnState(path, state, state.curframe());
        }
    }

    private static void pushStackPointers(Exploration path, RegState dst, RegState src) {
        int flags = (dst.is(RegType.PTR_TO_STACK, 0) ? JmpHistoryEntry.INSN_F_DST_REG_STACK : 0)
                | (src.is(RegType.PTR_TO_STACK, 0) ? JmpHistoryEntry.INSN_F_SRC_REG_STACK : 0);
        if (flags != 0) {
            path.services().precision().pushJmpHistory(path, path.state(), flags, 0, 0, 0);
        }
    }

    private static ScalarBranch.Outcome decide(Exploration path, Insn insn, RegState dst, RegState src) {
        Op op = insn.op();
        if (dst.isScalar() && src.isScalar()) {
            boolean sameRegister = op.operand() == Op.Operand.REG && insn.dst() == insn.src();
            boolean findsImpossible = path.unit().kernel().has(KernelRule.IMPOSSIBLE_WAYS_ARE_FOUND);
            return findsImpossible
                    ? ScalarBranch.decide(op.cond(), op.is64(), dst.value(), src.value(), sameRegister)
                    : ScalarBranch.decideByOperands(op.cond(), op.is64(), dst.value(), src.value(), sameRegister);
        }
        Taken taken = op.is64() ? pointerTaken(path, op.cond(), dst, src) : Taken.UNKNOWN;
        var pair = new ScalarBranch.Pair(dst.value(), src.value());
        return new ScalarBranch.Outcome(taken, pair, pair);
    }

    private static Taken pointerTaken(Exploration path, Op.Cond cond, RegState dst, RegState src) {
        if (PacketAccess.isPacketOrEnd(dst) && PacketAccess.isPacketOrEnd(src)) {
            return packetTaken(cond, dst, src);
        }
        boolean srcConst = src.isScalar() && src.isConst();
        RegState pointer = srcConst ? dst : src;
        RegState number = srcConst ? src : dst;
        boolean isZero = number.isScalar() && number.isConst() && number.constValue() == 0;
        if (!isZero || !Registers.isNotNull(path, pointer)) {
            return Taken.UNKNOWN;
        }
        return switch (cond) {
            case JEQ -> Taken.NEVER;
            case JNE -> Taken.ALWAYS;
            default -> Taken.UNKNOWN;
        };
    }

    private static Taken packetTaken(Op.Cond writtenCond, RegState dst, RegState src) {
        RegState packet;
        Op.Cond cond = writtenCond;
        if (src.is(RegType.PTR_TO_PACKET_END)) {
            packet = dst;
        } else if (dst.is(RegType.PTR_TO_PACKET_END)) {
            packet = src;
            cond = ScalarBranch.flip(cond);
        } else {
            return Taken.UNKNOWN;
        }
        boolean beyond = packet.range() == PacketRange.BEYOND_PKT_END;
        boolean atOrBeyond = beyond || packet.range() == PacketRange.AT_PKT_END;
        return switch (cond) {
            case JLE -> beyond ? Taken.NEVER : Taken.UNKNOWN;
            case JGT -> beyond ? Taken.ALWAYS : Taken.UNKNOWN;
            case JLT -> atOrBeyond ? Taken.NEVER : Taken.UNKNOWN;
            case JGE -> atOrBeyond ? Taken.ALWAYS : Taken.UNKNOWN;
            default -> Taken.UNKNOWN;
        };
    }

    private static void markPrecise(Exploration path, Insn insn, RegState dst, RegState src) {
        if (dst.isScalar()) {
            path.services().precision().markChain(path, insn.dst());
        }
        if (insn.op().operand() == Op.Operand.REG && src.isScalar()) {
            path.services().precision().markChain(path, insn.src());
        }
    }

    private static void learn(
            Exploration path, Insn insn, VerifierState other, ScalarBranch.Outcome outcome, LinkedRegs linked) {
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        set(path.state(), insn, outcome.onFalse());
        set(other, insn, outcome.onTrue());
        if (withReg && path.reg(insn.src()).id() != 0) {
            LinkedScalars.sync(path, path.state(), insn.src(), linked);
            LinkedScalars.sync(path, other, insn.src(), linked);
        }
        if (path.reg(insn.dst()).id() != 0) {
            LinkedScalars.sync(path, path.state(), insn.dst(), linked);
            LinkedScalars.sync(path, other, insn.dst(), linked);
        }
    }

    private static void set(VerifierState state, Insn insn, ScalarBranch.Pair pair) {
        int dst = insn.dst();
        state.func().setReg(dst, state.func().reg(dst).withValue(pair.dst()));
        if (insn.op().operand() == Op.Operand.REG) {
            int src = insn.src();
            state.func().setReg(src, state.func().reg(src).withValue(pair.src()));
        }
    }

    /** Pointers compared with null, with each other, or with the packet's end. */
    private static void learnNullness(Exploration path, Insn insn, VerifierState state, VerifierState other) {
        Op.Cond cond = insn.op().cond();
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        RegState dst = path.reg(insn.dst());
        RegState src = withReg ? path.reg(insn.src()) : Registers.immediate(path, insn);
        boolean equality = insn.op().is64() && (cond == Op.Cond.JEQ || cond == Op.Cond.JNE);
        boolean pointers = !dst.isScalar() && !src.isScalar();
        boolean noBtf = !dst.is(RegType.PTR_TO_BTF_ID) && !src.is(RegType.PTR_TO_BTF_ID);
        if (equality && withReg && pointers && noBtf) {
            VerifierState equal = cond == Op.Cond.JEQ ? other : state;
            if (Registers.isNotNull(path, dst) && src.mayBeNull()) {
                equal.func().setReg(insn.src(), equal.func().reg(insn.src()).notNull());
            }
            if (Registers.isNotNull(path, src) && dst.mayBeNull()) {
                equal.func().setReg(insn.dst(), equal.func().reg(insn.dst()).notNull());
            }
        }
        dst = path.reg(insn.dst());
        if (equality && dst.mayBeNull() && src.isNull()) {
            if (withReg) {
                path.services().precision().markChain(path, insn.src());
            }
            NullChecks.mark(state, insn.dst(), cond == Op.Cond.JNE);
            NullChecks.mark(other, insn.dst(), cond == Op.Cond.JEQ);
        } else if (withReg && insn.op().is64()) {
            PacketComparison.learn(insn, dst, src, state, other);
        }
    }
}
