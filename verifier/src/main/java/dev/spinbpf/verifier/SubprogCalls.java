package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.call.ArgOffsets;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.CallChecker.CallTrait;
import dev.spinbpf.verifier.flow.CallbackPusher;
import dev.spinbpf.verifier.flow.CriticalSections;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.SubprogTrace;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.RetvalRange;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.prune.Widening;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls of the program's own functions, directly or as callbacks, and returns from them. */
final class SubprogCalls implements CallbackPusher {
    /** The way on after a call. */
    enum Outcome {
        /** The slot behind the call: the callee was checked by its prototype alone. */
        NEXT,
        /** The callee's first slot. */
        CALLEE,
        /** The path ends: the callee throws. */
        EXIT
    }

    /** Checks a {@code CALL_SUBPROG}. */
    static Outcome call(Exploration path, Insn insn, int insnIndex) {
        int number = path.unit().findSubprog(insnIndex + (int) insn.imm() + 1);
        SubprogInfo callee = path.unit().subprog(number);
        Rejection mismatch = matchArguments(path, number);
        if (mismatch != null && mismatch.errno() == Errno.EFAULT) {
            throw mismatch;
        }
        if (callee.global) {
            return callGlobal(path, number, mismatch, insnIndex);
        }
        VerifierState state = path.state();
        FuncState caller = state.func();
        enter(path, state, number, insnIndex, SubprogCalls::copyArguments);
        Registers.clearCallerSaved(path, caller);
        if (path.log().isWanted()) {
            path.log().narrate("caller:\n");
            path.services().printer().printState(path, state, caller.frameno(), true);
            path.log().narrate("callee:\n");
            path.services().printer().printState(path, state, state.curframe(), true);
        }
        return Outcome.CALLEE;
    }

    private static Outcome callGlobal(Exploration path, int number, @Nullable Rejection mismatch, int insnIndex) {
        SubprogInfo callee = path.unit().subprog(number);
        VerifierState state = path.state();
        if (state.activeLocks() != 0) {
            path.log().note(Message.GLOBAL_CALL_UNDER_LOCK);
            throw path.reject(Errno.EINVAL, Message.USE_STATIC_FUNCTION);
        }
        if (callee.mightSleep && !CriticalSections.maySleep(state)) {
            throw path.reject(
                    Errno.EINVAL,
                    Message.SLEEPABLE_GLOBAL_FUNCTION,
                    callee.name,
                    CriticalSections.nonSleepableDescription(state));
        }
        if (mismatch != null) {
            throw path.reject(mismatch.errno(), Message.INVALID_ARGS_OF_GLOBAL_FUNCTION, number, callee.name);
        }
        if (path.log().isWanted()) {
            path.log().narrate("Func#%d ('%s') is global and assumed valid.\n", number, callee.name);
        }
        noteCalled(path, path.subprogTrace(number));
        if (callee.changesPktData) {
            PacketAccess.invalidateAll(state);
        }
        Registers.clearCallerSaved(path, state.func());
        if (!Prototypes.returnsVoid(path, number)) {
            path.setReg(0, RegState.UNKNOWN);
        }
        if (callee.mightThrow && path.unit().kernel().has(KernelRule.GLOBAL_FUNCTIONS_MAY_THROW)) {
            path.pushStack(insnIndex + 1, insnIndex, Message.NO_BRANCH_FOR_EXCEPTION);
            return Outcome.EXIT;
        }
        return Outcome.NEXT;
    }

    /** Older kernels verify a global function once, as if the program called it where it begins. */
    private static void noteCalled(Exploration path, SubprogTrace callee) {
        boolean sleepable = path.unit().kernel().has(KernelRule.GLOBAL_FUNCTIONS_BY_CONTEXT)
                ? CriticalSections.maySleep(path.state())
                : path.unit().program().sleepable();
        callee.calledSleepable |= sleepable;
        callee.calledAtomic |= !sleepable;
    }

    private static void copyArguments(Exploration path, FuncState caller, FuncState callee, int insnIndex) {
        for (int i = 1; i < Registers.CALLER_SAVED; i++) {
            callee.setReg(i, caller.reg(i));
        }
    }

    private static void enter(Exploration path, VerifierState state, int number, int callsite, CalleeSetup setup) {
        if (state.curframe() + 1 >= path.unit().maxCallFrames()) {
            throw path.reject(Errno.E2BIG, Message.CALL_STACK_TOO_DEEP, state.curframe() + 2);
        }
        FuncState callee = new FuncState(callsite, state.curframe() + 1, number);
        markAllScratched(path);
        setup.set(path, state.func(), callee, callsite);
        state.pushFrame(callee);
    }

    static void markAllScratched(Exploration path) {
        path.log().scratchedRegs = ~0;
        path.log().scratchedSlots = ~0L;
    }

    /** Null if the registers fit the callee's prototype, else why they do not; such a callee's prototype is not relied on. */
    private static @Nullable Rejection matchArguments(Exploration path, int number) {
        SubprogInfo callee = path.unit().subprog(number);
        if (callee.btfFuncId == 0 || path.subprogTrace(number).unreliable) {
            return path.reject(Errno.EINVAL);
        }
        try {
            List<SubprogArg> args = Prototypes.prepare(path, number);
            for (int i = 0; i < args.size(); i++) {
                matchArgument(path, number, args.get(i), i + 1);
            }
            return null;
        } catch (Rejection e) {
            path.subprogTrace(number).unreliable = true;
            return e;
        }
    }

    private static void matchArgument(Exploration path, int number, SubprogArg arg, int regno) {
        RegState reg = path.reg(regno);
        String name = Registers.name(regno);
        if ((arg.flags() & TypeFlags.PTR_UNTRUSTED) != 0) {
            return;
        }
        switch (arg.kind()) {
            case SCALAR -> {
                if (!reg.isScalar()) {
                    throw path.reject(Errno.EINVAL, Message.SCALAR_EXPECTED, name);
                }
            }
            case CTX -> {
                ArgOffsets.check(path, reg, name, ArgType.of(ArgKind.PTR_TO_CTX, 0), true);
                if (!reg.is(RegType.PTR_TO_CTX, 0)) {
                    throw path.reject(Errno.EINVAL, Message.CTX_ARGUMENT_EXPECTED, name);
                }
            }
            case MEM -> {
                matchMemory(path, number, arg, reg, name);
                noteNull(path, reg, regno);
            }
            case ARENA -> {
                if (!reg.is(RegType.PTR_TO_ARENA) && !reg.isScalar()) {
                    throw path.reject(Errno.EINVAL, Message.ARENA_OR_SCALAR_EXPECTED, name);
                }
            }
            case DYNPTR -> path.services().calls().checkSubprogArgument(path, arg, regno);
            case BTF_ID -> {
                boolean nullAllowed = (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0;
                if (!reg.isNull() || !nullAllowed) {
                    path.services().calls().checkSubprogArgument(path, arg, regno);
                } else {
                    noteNull(path, reg, regno);
                }
            }
        }
    }

    /** That an argument is null matters to safety where the kernel has it so. */
    private static void noteNull(Exploration path, RegState reg, int regno) {
        if (reg.isNull() && path.unit().kernel().has(KernelRule.KFUNC_ARGS_BY_PROTOTYPE)) {
            path.services().precision().markChain(path, regno);
        }
    }

    private static void matchMemory(Exploration path, int number, SubprogArg arg, RegState reg, String name) {
        ArgOffsets.check(path, reg, name, ArgType.of(ArgKind.PTR_TO_MEM, 0), true);
        try {
            HelperMemory.checkFixed(path, reg, name, arg.memSize());
        } catch (Rejection e) {
            throw path.reject(Errno.EINVAL);
        }
        boolean packet = reg.isPacketPointer() || reg.is(RegType.PTR_TO_PACKET_END) || reg.isDynptrSliceOfPacket();
        if (packet && path.unit().subprog(number).changesPktData) {
            throw path.reject(Errno.EINVAL, Message.PACKET_POINTER_MAY_BE_INVALIDATED, name, number);
        }
        boolean nullable = (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0;
        if (!nullable && (reg.mayBeNull() || reg.isNull())) {
            throw path.reject(Errno.EINVAL, Message.NON_NULL_EXPECTED, name);
        }
    }

    @Override
    public void returnFromFrame(Exploration path) {
        path.redirect = exit(path);
    }

    @Override
    public void pushCallback(Exploration path, Insn insn, int insnIndex, int subprog, CalleeSetup setup) {
        Rejection mismatch = matchArguments(path, subprog);
        if (mismatch != null && mismatch.errno() == Errno.EFAULT) {
            throw mismatch;
        }
        SubprogInfo info = path.unit().subprog(subprog);
        path.subprogTrace(subprog).isCallback = true;
        FuncState caller = path.func();
        CallChecker.CallSummary call = path.services().calls().summary(path.unit(), insn);
        if (call.has(CallTrait.ASYNC_CALLBACK)) {
            path.subprogTrace(subprog).isAsyncCallback = true;
            pushAsync(path, call, insnIndex, subprog, setup);
            return;
        }
        VerifierState state = path.pushStack(info.start, insnIndex);
        enter(path, state, subprog, insnIndex, setup);
        state.setCallbackUnrollDepth(state.callbackUnrollDepth() + 1);
        FuncState below = state.frame(state.curframe() - 1);
        below.setCallbackDepth(below.callbackDepth() + 1);
        caller.setCallbackDepth(0);
    }

    private static void pushAsync(
            Exploration path, CallChecker.CallSummary call, int insnIndex, int subprog, CalleeSetup setup) {
        var state = new VerifierState();
        state.setBranches(1);
        state.setInSleepable(call.has(CallTrait.ASYNC_CALLBACK_SLEEPS));
        FuncState callee = new FuncState(-1, 0, subprog);
        markAllScratched(path);
        state.pushFrame(callee);
        path.pushState(state, path.unit().subprog(subprog).start, insnIndex);
        callee.setAsyncEntryCount(path.func().asyncEntryCount() + 1);
        setup.set(path, path.func(), callee, insnIndex);
    }

    /**
     * Returns from the current frame to its caller.
     *
     * @return the slot to go on with: behind the call, or the call again after a callback
     */
    static int exit(Exploration path) {
        VerifierState state = path.state();
        FuncState callee = state.func();
        RegState r0 = callee.reg(0);
        if (r0.is(RegType.PTR_TO_STACK, 0)) {
            throw path.reject(Errno.EINVAL, Message.RETURNS_STACK_POINTER);
        }
        FuncState caller = state.frame(state.curframe() - 1);
        boolean callback = callee.inCallback();
        if (callback) {
            checkCallbackReturn(path, callee, r0);
        } else {
            caller.setReg(0, r0);
        }
        int next = callback ? callee.callsite() : callee.callsite() + 1;
        if (path.log().isWanted()) {
            path.log().narrate("returning from callee:\n");
            path.services().printer().printState(path, state, callee.frameno(), true);
            path.log().narrate("to caller at %d:\n", next);
            path.services().printer().printState(path, state, caller.frameno(), true);
        }
        state.popFrame();
        if (callback) {
            VerifierState previous = path.services().stateCache().findPreviousEntry(path, state, next);
            if (previous != null) {
                Widening.widen(previous, state);
            }
        }
        return next;
    }

    private static void checkCallbackReturn(Exploration path, FuncState callee, RegState r0) {
        if (!r0.isScalar()) {
            throw path.reject(Errno.EACCES, Message.CALLBACK_R0_NOT_SCALAR);
        }
        path.services().precision().markChain(path, 0);
        RetvalRange range = callee.callbackRetRange();
        RegState precise = path.reg(0);
        boolean within = range.return32bit()
                ? precise.value().s32min() >= range.min() && precise.value().s32max() <= range.max()
                : precise.smin() >= range.min() && precise.smax() <= range.max();
        if (!within) {
            throw path.reject(
                    Errno.EINVAL, Message.CALLBACK_RETURN_OUT_OF_RANGE, bounds(precise), range.min(), range.max());
        }
    }

    private static String bounds(RegState reg) {
        String text = (reg.smin() > Long.MIN_VALUE ? " smin=" + reg.smin() : "")
                + (reg.smax() < Long.MAX_VALUE ? " smax=" + reg.smax() : "");
        return text.isEmpty() ? " unknown scalar value" : text;
    }
}
