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
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
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
    static int check(Exploration path, Insn insn, int at) {
        int next = at + insn.slots();
        switch (insn.op().kind()) {
            case ALU, MOVSX, NEG, BYTE_SWAP, ADDR_SPACE_CAST -> Arithmetic.check(path, insn);
            case LDX, LDXSX -> MemoryInsns.checkLoad(path, insn, false, true);
            case ST -> MemoryInsns.checkStoreImmediate(path, insn);
            case STX -> MemoryInsns.checkStore(path, insn, false);
            case ATOMIC -> MemoryInsns.checkReadModifyWrite(path, insn);
            case LOAD_ACQUIRE -> MemoryInsns.checkLoadAcquire(path, insn);
            case STORE_RELEASE -> MemoryInsns.checkStoreRelease(path, insn);
            case LDDW -> ConstantLoads.check(path, insn);
            case LD_ABS, LD_IND -> next = checkPacketLoad(path, insn, next);
            default -> next = checkJump(path, insn, at);
        }
        return next;
    }

    private static int checkJump(Exploration path, Insn insn, int at) {
        path.jmpsProcessed++;
        return switch (insn.op().kind()) {
            case JA -> at + insn.jumpOffset() + 1;
            case JCC -> Jumps.check(path, insn, at);
            case MAY_GOTO -> Jumps.checkMayGoto(path, insn, at);
            case GOTO_REG -> Jumps.checkIndirect(path, insn, at);
            case EXIT -> checkExit(path, false);
            case CALL_SUBPROG -> {
                path.log().markRegScratched(0);
                yield switch (SubprogCalls.call(path, insn, at)) {
                    case NEXT -> at + 1;
                    case CALLEE -> path.unit().subprog(path.func().subprog()).start;
                    case EXIT -> checkExit(path, true);
                };
            }
            case CALL_HELPER -> {
                observeCall(path);
                path.log().markRegScratched(0);
                path.redirect = at + 1;
                path.services().calls().checkHelperCall(path, insn, at);
                yield path.redirect;
            }
            case CALL_KFUNC -> {
                observeCall(path);
                path.log().markRegScratched(0);
                CallChecker.KfuncResult result = path.services().calls().checkKfuncCall(path, insn, at);
                yield result == CallChecker.KfuncResult.THROWS ? checkExit(path, true) : at + 1;
            }
            default -> throw new UnsupportedFeature("instruction " + insn.op() + " is not supported");
        };
    }

    private static void observeCall(Exploration path) {
        if (path.callObserver != null) {
            path.callObserver.calling(path);
        }
    }

    /** An exit from the current function, or by an exception from all of them. */
    private static int checkExit(Exploration path, boolean exception) {
        VerifierState state = path.state();
        ResourceLeaks.check(
                path,
                exception,
                state.curframe() == 0 || exception && path.unit().kernel().has(KernelRule.THROWS_END_NO_SECTION),
                exception && path.unit().kernel().has(KernelRule.THROWS_END_NO_SECTION)
                        ? "bpf_throw"
                        : "BPF_EXIT instruction in main prog");
        if (exception) {
            return PATH_ENDS;
        }
        if (state.curframe() != 0) {
            return SubprogCalls.exit(path);
        }
        FuncState func = state.func();
        boolean globalFunction = func.subprog() != 0 && !func.inAsyncCallback() && !func.inExceptionCallback();
        if (globalFunction) {
            checkGlobalReturn(path, func);
        } else {
            path.services().returnCodes().checkReturnCode(path, 0, "R0");
        }
        return PATH_ENDS;
    }

    private static void checkGlobalReturn(Exploration path, FuncState func) {
        if (Prototypes.returnsVoid(path, func.subprog())) {
            return;
        }
        RegState r0 = Registers.checkSource(path, 0);
        if (!r0.is(RegType.PTR_TO_ARENA, 0) && !r0.isScalar()) {
            throw path.reject(Errno.EINVAL, Message.SUBPROG_EXIT_R0_NOT_SCALAR, r0.typeText());
        }
    }

    /** The legacy packet loads, which leave the function when the packet is too short. */
    private static int checkPacketLoad(Exploration path, Insn insn, int next) {
        boolean allowed =
                switch (path.unit().program().type()) {
                    case SOCKET_FILTER, SCHED_CLS, SCHED_ACT -> true;
                    default -> false;
                };
        if (!allowed) {
            throw path.reject(Errno.EINVAL, Message.LD_ABS_NOT_ALLOWED);
        }
        for (int i = path.state().curframe(); i > 0; i--) {
            if (path.state().frame(i).inCallback()) {
                throw path.reject(Errno.EINVAL, Message.LD_ABS_IN_CALLBACK);
            }
        }
        RegState context = Registers.checkSource(path, CONTEXT_REG);
        ResourceLeaks.check(path, false, true, "BPF_LD_[ABS|IND]");
        if (!context.is(RegType.PTR_TO_CTX, 0)) {
            throw path.reject(Errno.EINVAL, Message.LD_ABS_NEEDS_SKB);
        }
        if (insn.op().kind() == Op.Kind.LD_IND) {
            Registers.checkSource(path, insn.src());
        }
        Registers.checkPointerOffset(path, context, Registers.name(CONTEXT_REG), false);
        Registers.clearCallerSaved(path, path.func());
        path.setReg(0, RegState.UNKNOWN);
        if (path.state().curframe() == 0) {
            return next;
        }
        path.pushStack(next, next - 1);
        path.setReg(0, RegState.ZERO);
        return SubprogCalls.exit(path);
    }
}
