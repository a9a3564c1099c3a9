package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.domain.ScalarBranch;
import dev.spinbpf.verifier.domain.ScalarBranch.Taken;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
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
    public static int check(VerifierEnv env, Insn insn, int insnIndex) {
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        VerifierState state = env.state();
        RegState dst = Registers.checkSource(env, insn.dst());
        RegState src = withReg ? Registers.checkSource(env, insn.src()) : RegState.constant(insn.imm());
        pushStackPointers(env, dst, src);

        var linked = new LinkedRegs();
        if (withReg && src.isScalar() && src.id() != 0) {
            LinkedScalars.collect(env, state, src.id(), linked);
        }
        if (dst.isScalar() && dst.id() != 0) {
            LinkedScalars.collect(env, state, dst.id(), linked);
        }
        dst = env.reg(insn.dst());
        src = withReg ? env.reg(insn.src()) : src;
        ScalarBranch.Outcome outcome = decide(env, insn, dst, src);
        if (outcome.taken() != Taken.UNKNOWN) {
            markPrecise(env, insn, dst, src);
            printState(env, state);
            return outcome.taken() == Taken.ALWAYS ? target(insn, insnIndex) : insnIndex + 1;
        }
        if (linked.entries().size() > 1) {
            env.services().precision().pushJmpHistory(env, state, 0, 0, 0, linked.pack());
        }
        VerifierState other = env.pushStack(target(insn, insnIndex), insnIndex);
        if (dst.isScalar() && src.isScalar()) {
            learn(env, insn, other, outcome, linked);
        }
        learnNullness(env, insn, state, other);
        printState(env, state);
        return insnIndex + 1;
    }

    /**
     * Checks a {@code may_goto}: the present path jumps, the one that falls through is noted.
     *
     * @return the slot that the present path goes on with
     */
    public static int checkMayGoto(VerifierEnv env, Insn insn, int insnIndex) {
        VerifierState parent = env.state().parent();
        VerifierState previous =
                parent == null ? null : env.services().stateCache().findPreviousEntry(env, parent, insnIndex);
        VerifierState queued = env.pushStack(insnIndex + 1, insnIndex);
        queued.setMayGotoDepth(queued.mayGotoDepth() + 1);
        if (previous != null) {
            Widening.widen(previous, queued);
        }
        return target(insn, insnIndex);
    }

    private static int target(Insn insn, int insnIndex) {
        return insnIndex + insn.jumpOffset() + 1;
    }

    private static void printState(VerifierEnv env, VerifierState state) {
        if (env.log().isWanted()) {
            env.services().printer().printInsnState(env, state, state.curframe());
        }
    }

    private static void pushStackPointers(VerifierEnv env, RegState dst, RegState src) {
        int flags = (dst.is(RegType.PTR_TO_STACK, 0) ? JmpHistoryEntry.INSN_F_DST_REG_STACK : 0)
                | (src.is(RegType.PTR_TO_STACK, 0) ? JmpHistoryEntry.INSN_F_SRC_REG_STACK : 0);
        if (flags != 0) {
            env.services().precision().pushJmpHistory(env, env.state(), flags, 0, 0, 0);
        }
    }

    private static ScalarBranch.Outcome decide(VerifierEnv env, Insn insn, RegState dst, RegState src) {
        Op op = insn.op();
        if (dst.isScalar() && src.isScalar()) {
            boolean sameRegister = op.operand() == Op.Operand.REG && insn.dst() == insn.src();
            return ScalarBranch.decide(op.cond(), op.is64(), dst.value(), src.value(), sameRegister);
        }
        Taken taken = op.is64() ? pointerTaken(env, op.cond(), dst, src) : Taken.UNKNOWN;
        var pair = new ScalarBranch.Pair(dst.value(), src.value());
        return new ScalarBranch.Outcome(taken, pair, pair);
    }

    private static Taken pointerTaken(VerifierEnv env, Op.Cond cond, RegState dst, RegState src) {
        if (PacketAccess.isPacketOrEnd(dst) && PacketAccess.isPacketOrEnd(src)) {
            return packetTaken(cond, dst, src);
        }
        boolean srcConst = src.isScalar() && src.isConst();
        RegState pointer = srcConst ? dst : src;
        RegState number = srcConst ? src : dst;
        boolean isZero = number.isScalar() && number.isConst() && number.constValue() == 0;
        if (!isZero || !Registers.isNotNull(env, pointer)) {
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

    private static void markPrecise(VerifierEnv env, Insn insn, RegState dst, RegState src) {
        if (dst.isScalar()) {
            env.services().precision().markChain(env, insn.dst());
        }
        if (insn.op().operand() == Op.Operand.REG && src.isScalar()) {
            env.services().precision().markChain(env, insn.src());
        }
    }

    private static void learn(
            VerifierEnv env, Insn insn, VerifierState other, ScalarBranch.Outcome outcome, LinkedRegs linked) {
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        set(env.state(), insn, outcome.onFalse());
        set(other, insn, outcome.onTrue());
        if (withReg && env.reg(insn.src()).id() != 0) {
            LinkedScalars.sync(env, env.state(), insn.src(), linked);
            LinkedScalars.sync(env, other, insn.src(), linked);
        }
        if (env.reg(insn.dst()).id() != 0) {
            LinkedScalars.sync(env, env.state(), insn.dst(), linked);
            LinkedScalars.sync(env, other, insn.dst(), linked);
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
    private static void learnNullness(VerifierEnv env, Insn insn, VerifierState state, VerifierState other) {
        Op.Cond cond = insn.op().cond();
        boolean withReg = insn.op().operand() == Op.Operand.REG;
        RegState dst = env.reg(insn.dst());
        RegState src = withReg ? env.reg(insn.src()) : RegState.constant(insn.imm());
        boolean equality = insn.op().is64() && (cond == Op.Cond.JEQ || cond == Op.Cond.JNE);
        boolean pointers = !dst.isScalar() && !src.isScalar();
        boolean noBtf = !dst.is(RegType.PTR_TO_BTF_ID) && !src.is(RegType.PTR_TO_BTF_ID);
        if (equality && withReg && pointers && noBtf) {
            VerifierState equal = cond == Op.Cond.JEQ ? other : state;
            if (Registers.isNotNull(env, dst) && src.mayBeNull()) {
                equal.func().setReg(insn.src(), equal.func().reg(insn.src()).notNull());
            }
            if (Registers.isNotNull(env, src) && dst.mayBeNull()) {
                equal.func().setReg(insn.dst(), equal.func().reg(insn.dst()).notNull());
            }
        }
        dst = env.reg(insn.dst());
        if (equality && dst.mayBeNull() && src.isNull()) {
            if (withReg) {
                env.services().precision().markChain(env, insn.src());
            }
            NullChecks.mark(state, insn.dst(), cond == Op.Cond.JNE);
            NullChecks.mark(other, insn.dst(), cond == Op.Cond.JEQ);
        } else if (withReg && insn.op().is64()) {
            PacketComparison.learn(insn, dst, src, state, other);
        }
    }
}
