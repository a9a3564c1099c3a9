package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.check.Arithmetic;
import dev.spinbpf.verifier.check.ConstantLoads;
import dev.spinbpf.verifier.check.Jumps;
import dev.spinbpf.verifier.check.MemoryInsns;
import dev.spinbpf.verifier.check.ResourceLeaks;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;

/** Checks one instruction in the current state and applies its effect: Linux's {@code do_check_insn}. */
final class InsnChecker {
    /** Returned instead of a slot where the path ends. */
    static final int PATH_ENDS = -1;

    private static final int CONTEXT_REG = 6;

    private InsnChecker() {}

    /** Checks the instruction; returns the slot that the path goes on with, or {@link #PATH_ENDS}. */
    static int check(VerifierEnv env, Insn insn, int at) {
        int next = at + insn.slots();
        switch (insn.op().kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST -> Arithmetic.check(env, insn);
            case LDX, LDXSX -> MemoryInsns.checkLoad(env, insn, false, true);
            case ST -> MemoryInsns.checkStoreImmediate(env, insn);
            case STX -> MemoryInsns.checkStore(env, insn, false);
            case ATOMIC -> MemoryInsns.checkReadModifyWrite(env, insn);
            case LOAD_ACQUIRE -> MemoryInsns.checkLoadAcquire(env, insn);
            case STORE_RELEASE -> MemoryInsns.checkStoreRelease(env, insn);
            case LDDW -> ConstantLoads.check(env, insn);
            case LD_ABS, LD_IND -> next = checkPacketLoad(env, insn, next);
            default -> next = checkJump(env, insn, at);
        }
        return next;
    }

    private static int checkJump(VerifierEnv env, Insn insn, int at) {
        env.jmpsProcessed++;
        return switch (insn.op().kind()) {
            case JA -> at + insn.jumpOffset() + 1;
            case JCC -> Jumps.check(env, insn, at);
            case MAY_GOTO -> Jumps.checkMayGoto(env, insn, at);
            case EXIT -> checkExit(env, false);
            case CALL_SUBPROG -> {
                env.markRegScratched(0);
                yield switch (SubprogCalls.call(env, insn, at)) {
                    case NEXT -> at + 1;
                    case CALLEE -> env.subprog(env.func().subprog()).start;
                    case EXIT -> checkExit(env, true);
                };
            }
            case CALL_HELPER -> {
                env.markRegScratched(0);
                env.redirect = at + 1;
                env.services().calls().checkHelperCall(env, insn, at);
                yield env.redirect;
            }
            case CALL_KFUNC -> {
                env.markRegScratched(0);
                CallChecker.KfuncResult result = env.services().calls().checkKfuncCall(env, insn, at);
                yield result == CallChecker.KfuncResult.THROWS ? checkExit(env, true) : at + 1;
            }
            default -> throw new UnsupportedFeature("instruction " + insn.op() + " is not supported");
        };
    }

    /** An exit from the current function, or by an exception from all of them. */
    private static int checkExit(VerifierEnv env, boolean exception) {
        VerifierState state = env.state();
        ResourceLeaks.check(
                env,
                exception,
                exception || state.curframe() == 0,
                exception ? "bpf_throw" : "BPF_EXIT instruction in main prog");
        if (exception) {
            return PATH_ENDS;
        }
        if (state.curframe() != 0) {
            return SubprogCalls.exit(env);
        }
        FuncState func = state.func();
        boolean globalFunction = func.subprog() != 0 && !func.inAsyncCallback() && !func.inExceptionCallback();
        if (globalFunction) {
            checkGlobalReturn(env, func);
        } else {
            env.services().returnCodes().checkReturnCode(env, 0, "R0");
        }
        return PATH_ENDS;
    }

    private static void checkGlobalReturn(VerifierEnv env, FuncState func) {
        if (Prototypes.returnsVoid(env, func.subprog())) {
            return;
        }
        RegState r0 = Registers.checkSource(env, 0);
        if (!r0.is(RegType.PTR_TO_ARENA, 0) && !r0.isScalar()) {
            throw env.reject(
                    Errno.EINVAL, "At subprogram exit the register R0 is not a scalar value (%s)", r0.typeText());
        }
    }

    /** The legacy packet loads, which leave the function when the packet is too short. */
    private static int checkPacketLoad(VerifierEnv env, Insn insn, int next) {
        boolean allowed =
                switch (env.program().type()) {
                    case SOCKET_FILTER, SCHED_CLS, SCHED_ACT -> true;
                    default -> false;
                };
        if (!allowed) {
            throw env.reject(Errno.EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type");
        }
        for (int i = env.state().curframe(); i > 0; i--) {
            if (env.state().frame(i).inCallback()) {
                throw env.reject(Errno.EINVAL, "cannot use BPF_LD_[ABS|IND] within callback");
            }
        }
        RegState context = Registers.checkSource(env, CONTEXT_REG);
        ResourceLeaks.check(env, false, true, "BPF_LD_[ABS|IND]");
        if (!context.is(RegType.PTR_TO_CTX, 0)) {
            throw env.reject(Errno.EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
        }
        if (insn.op().kind() == Op.Kind.LD_IND) {
            Registers.checkSource(env, insn.src());
        }
        Registers.checkPointerOffset(env, context, Registers.name(CONTEXT_REG), false);
        Registers.clearCallerSaved(env, env.func());
        env.setReg(0, RegState.UNKNOWN);
        if (env.state().curframe() == 0) {
            return next;
        }
        env.pushStack(next, next - 1);
        env.setReg(0, RegState.ZERO);
        return SubprogCalls.exit(env);
    }
}
