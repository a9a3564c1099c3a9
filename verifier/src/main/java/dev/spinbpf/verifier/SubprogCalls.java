package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.call.ArgOffsets;
import dev.spinbpf.verifier.check.HelperMemory;
import dev.spinbpf.verifier.check.PacketAccess;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.CallbackPusher;
import dev.spinbpf.verifier.flow.Prototypes;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.flow.SubprogArg;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.ArgKind;
import dev.spinbpf.verifier.kernel.ArgType;
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
    static Outcome call(VerifierEnv env, Insn insn, int insnIndex) {
        int number = env.findSubprog(insnIndex + (int) insn.imm() + 1);
        SubprogInfo callee = env.subprog(number);
        Rejection mismatch = matchArguments(env, number);
        if (mismatch != null && mismatch.errno() == Errno.EFAULT) {
            throw mismatch;
        }
        if (callee.global) {
            return callGlobal(env, number, mismatch, insnIndex);
        }
        VerifierState state = env.state();
        FuncState caller = state.func();
        enter(env, state, number, insnIndex, SubprogCalls::copyArguments);
        Registers.clearCallerSaved(env, caller);
        if (env.log().isWanted()) {
            env.verbose("caller:\n");
            env.services().printer().printState(env, state, caller.frameno(), true);
            env.verbose("callee:\n");
            env.services().printer().printState(env, state, state.curframe(), true);
        }
        return Outcome.CALLEE;
    }

    private static Outcome callGlobal(VerifierEnv env, int number, @Nullable Rejection mismatch, int insnIndex) {
        SubprogInfo callee = env.subprog(number);
        VerifierState state = env.state();
        if (state.activeLocks() != 0) {
            env.verbose("global function calls are not allowed while holding a lock,\n");
            throw env.reject(Errno.EINVAL, "use static function instead");
        }
        if (callee.mightSleep && !isSleepable(state)) {
            throw env.reject(
                    Errno.EINVAL,
                    "sleepable global function %s() called in %s",
                    callee.name,
                    nonSleepableContext(state));
        }
        if (mismatch != null) {
            throw env.reject(mismatch.errno(), "Caller passes invalid args into func#%d ('%s')", number, callee.name);
        }
        if (env.log().isWanted()) {
            env.verbose("Func#%d ('%s') is global and assumed valid.\n", number, callee.name);
        }
        if (callee.changesPktData) {
            PacketAccess.invalidateAll(state);
        }
        callee.called = true;
        Registers.clearCallerSaved(env, state.func());
        if (!Prototypes.returnsVoid(env, number)) {
            env.setReg(0, RegState.UNKNOWN);
        }
        if (callee.mightThrow) {
            env.pushStack(insnIndex + 1, insnIndex, "failed to push state for global subprog exception path");
            return Outcome.EXIT;
        }
        return Outcome.NEXT;
    }

    /** True if a function that may sleep can be called. */
    private static boolean isSleepable(VerifierState state) {
        return state.activeRcuLocks() == 0
                && state.activePreemptLocks() == 0
                && state.activeLocks() == 0
                && state.activeIrqId() == 0
                && state.inSleepable();
    }

    private static String nonSleepableContext(VerifierState state) {
        if (state.activeRcuLocks() != 0) {
            return "rcu_read_lock region";
        }
        if (state.activePreemptLocks() != 0) {
            return "non-preemptible region";
        }
        if (state.activeIrqId() != 0) {
            return "IRQ-disabled region";
        }
        return state.activeLocks() != 0 ? "lock region" : "non-sleepable prog";
    }

    private static void copyArguments(VerifierEnv env, FuncState caller, FuncState callee, int insnIndex) {
        for (int i = 1; i < Registers.CALLER_SAVED; i++) {
            callee.setReg(i, caller.reg(i));
        }
    }

    private static void enter(VerifierEnv env, VerifierState state, int number, int callsite, CalleeSetup setup) {
        if (state.curframe() + 1 >= VerifierState.MAX_CALL_FRAMES) {
            throw env.reject(Errno.E2BIG, "the call stack of %d frames is too deep", state.curframe() + 2);
        }
        FuncState callee = new FuncState(callsite, state.curframe() + 1, number);
        markAllScratched(env);
        setup.set(env, state.func(), callee, callsite);
        state.pushFrame(callee);
    }

    static void markAllScratched(VerifierEnv env) {
        env.scratchedRegs = ~0;
        env.scratchedSlots = ~0L;
    }

    /** Null if the registers fit the callee's prototype, else why they do not; such a callee's prototype is not relied on. */
    private static @Nullable Rejection matchArguments(VerifierEnv env, int number) {
        SubprogInfo callee = env.subprog(number);
        if (callee.btfFuncId == 0 || callee.unreliable) {
            return env.reject(Errno.EINVAL);
        }
        try {
            List<SubprogArg> args = Prototypes.prepare(env, number);
            for (int i = 0; i < args.size(); i++) {
                matchArgument(env, number, args.get(i), i + 1);
            }
            return null;
        } catch (Rejection e) {
            callee.unreliable = true;
            return e;
        }
    }

    private static void matchArgument(VerifierEnv env, int number, SubprogArg arg, int regno) {
        RegState reg = env.reg(regno);
        String name = Registers.name(regno);
        if ((arg.flags() & TypeFlags.PTR_UNTRUSTED) != 0) {
            return;
        }
        switch (arg.kind()) {
            case SCALAR -> {
                if (!reg.isScalar()) {
                    throw env.reject(Errno.EINVAL, "%s is not a scalar", name);
                }
            }
            case CTX -> {
                ArgOffsets.check(env, reg, name, ArgType.of(ArgKind.PTR_TO_CTX, 0), true);
                if (!reg.is(RegType.PTR_TO_CTX, 0)) {
                    throw env.reject(Errno.EINVAL, "%s expects pointer to ctx", name);
                }
            }
            case MEM -> matchMemory(env, number, arg, reg, name);
            case ARENA -> {
                if (!reg.is(RegType.PTR_TO_ARENA) && !reg.isScalar()) {
                    throw env.reject(Errno.EINVAL, "%s is not a pointer to arena or scalar.", name);
                }
            }
            case DYNPTR -> env.services().calls().checkSubprogArgument(env, arg, regno);
            case BTF_ID -> {
                boolean nullAllowed = (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0;
                if (!reg.isNull() || !nullAllowed) {
                    env.services().calls().checkSubprogArgument(env, arg, regno);
                }
            }
        }
    }

    private static void matchMemory(VerifierEnv env, int number, SubprogArg arg, RegState reg, String name) {
        ArgOffsets.check(env, reg, name, ArgType.of(ArgKind.PTR_TO_MEM, 0), true);
        try {
            HelperMemory.checkFixed(env, reg, name, arg.memSize());
        } catch (Rejection e) {
            throw env.reject(Errno.EINVAL);
        }
        boolean packet = reg.isPacketPointer() || reg.is(RegType.PTR_TO_PACKET_END) || reg.isDynptrSliceOfPacket();
        if (packet && env.subprog(number).changesPktData) {
            throw env.reject(Errno.EINVAL, "%s is a packet pointer, but func#%d may change packet data", name, number);
        }
        boolean nullable = (arg.flags() & TypeFlags.PTR_MAYBE_NULL) != 0;
        if (!nullable && (reg.mayBeNull() || reg.isNull())) {
            throw env.reject(Errno.EINVAL, "%s is expected to be non-NULL", name);
        }
    }

    @Override
    public void returnFromFrame(VerifierEnv env) {
        env.redirect = exit(env);
    }

    @Override
    public void pushCallback(VerifierEnv env, Insn insn, int insnIndex, int subprog, CalleeSetup setup) {
        Rejection mismatch = matchArguments(env, subprog);
        if (mismatch != null && mismatch.errno() == Errno.EFAULT) {
            throw mismatch;
        }
        SubprogInfo info = env.subprog(subprog);
        info.isCallback = true;
        FuncState caller = env.func();
        CallChecker.CallSummary call = env.services().calls().summary(env, insn);
        if (call.asyncCallback()) {
            info.isAsyncCallback = true;
            pushAsync(env, call, insnIndex, subprog, setup);
            return;
        }
        VerifierState state = env.pushStack(info.start, insnIndex);
        enter(env, state, subprog, insnIndex, setup);
        state.setCallbackUnrollDepth(state.callbackUnrollDepth() + 1);
        FuncState below = state.frame(state.curframe() - 1);
        below.setCallbackDepth(below.callbackDepth() + 1);
        caller.setCallbackDepth(0);
    }

    private static void pushAsync(
            VerifierEnv env, CallChecker.CallSummary call, int insnIndex, int subprog, CalleeSetup setup) {
        var state = new VerifierState();
        state.setBranches(1);
        state.setInSleepable(call.asyncCallbackSleeps());
        FuncState callee = new FuncState(-1, 0, subprog);
        markAllScratched(env);
        state.pushFrame(callee);
        env.pushState(state, env.subprog(subprog).start, insnIndex);
        callee.setAsyncEntryCount(env.func().asyncEntryCount() + 1);
        setup.set(env, env.func(), callee, insnIndex);
    }

    /**
     * Returns from the current frame to its caller.
     *
     * @return the slot to go on with: behind the call, or the call again after a callback
     */
    static int exit(VerifierEnv env) {
        VerifierState state = env.state();
        FuncState callee = state.func();
        RegState r0 = callee.reg(0);
        if (r0.is(RegType.PTR_TO_STACK, 0)) {
            throw env.reject(Errno.EINVAL, "cannot return stack pointer to the caller");
        }
        FuncState caller = state.frame(state.curframe() - 1);
        boolean callback = callee.inCallback();
        if (callback) {
            checkCallbackReturn(env, callee, r0);
        } else {
            caller.setReg(0, r0);
        }
        int next = callback ? callee.callsite() : callee.callsite() + 1;
        if (env.log().isWanted()) {
            env.verbose("returning from callee:\n");
            env.services().printer().printState(env, state, callee.frameno(), true);
            env.verbose("to caller at %d:\n", next);
            env.services().printer().printState(env, state, caller.frameno(), true);
        }
        state.popFrame();
        if (callback) {
            VerifierState previous = env.services().stateCache().findPreviousEntry(env, state, next);
            if (previous != null) {
                Widening.widen(previous, state);
            }
        }
        return next;
    }

    private static void checkCallbackReturn(VerifierEnv env, FuncState callee, RegState r0) {
        if (!r0.isScalar()) {
            throw env.reject(Errno.EACCES, "R0 not a scalar value");
        }
        env.services().precision().markChain(env, 0);
        RetvalRange range = callee.callbackRetRange();
        RegState precise = env.reg(0);
        boolean within = range.return32bit()
                ? precise.value().s32min() >= range.min() && precise.value().s32max() <= range.max()
                : precise.smin() >= range.min() && precise.smax() <= range.max();
        if (!within) {
            throw env.reject(
                    Errno.EINVAL,
                    "At callback return the register R0 has%s should have been in [%d, %d]",
                    bounds(precise),
                    range.min(),
                    range.max());
        }
    }

    private static String bounds(RegState reg) {
        String text = (reg.smin() > Long.MIN_VALUE ? " smin=" + reg.smin() : "")
                + (reg.smax() < Long.MAX_VALUE ? " smax=" + reg.smax() : "");
        return text.isEmpty() ? " unknown scalar value" : text;
    }
}
