package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.HelperIds;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Callback;
import dev.spinbpf.verifier.kernel.HelperTraits;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds for each function, as called from each place, which stack slots of which frame its instructions access.
 *
 * <p>What must hold: if an instruction of a call reads a byte of some frame's stack, {@link CallStackUse} says so, at
 * that instruction and at each call that the read happens in. To that end a forward analysis follows pointers into
 * stacks through registers and spills until nothing changes, {@link StackTargets}. A callee that is passed such a
 * pointer is analysed once for each call, with what is passed there; what is alive at its first instruction counts as
 * read by the call. A callee that is passed none can only touch a stack of its own and is analysed for itself.
 *
 * <p>Callers come before their callees, so that one analysed on the way needs no analysis of its own, global functions
 * excepted: those may also be called by their prototype alone.
 */
final class StackPointerAnalysis {
    private static final int MAX_CALLS = 10_000;

    private final ProgramUnit unit;
    private final CallChecker calls;
    private final VerifierLog log;
    private final StackLiveness liveness;
    private final StackTarget[][] slotsAtCall;
    private final boolean[] analysed;
    private final int[] callsites = new int[VerifierState.MAX_CALL_FRAMES];
    private int analysedCalls;

    StackPointerAnalysis(ProgramUnit unit, CallChecker calls, VerifierLog log, StackLiveness liveness) {
        this.unit = unit;
        this.calls = calls;
        this.log = log;
        this.liveness = liveness;
        analysed = new boolean[unit.subprogs().size()];
        slotsAtCall = new StackTarget[unit.length()][];
    }

    /** Analyses all functions. */
    void run() {
        int[] calleesFirst = unit.subprogTopoOrder;
        for (int i = calleesFirst.length - 1; i >= 0; i--) {
            int subprog = calleesFirst[i];
            if (!analysed[subprog] || unit.subprog(subprog).global) {
                analyse(liveness.useOf(unit, null, 0, subprog), noArguments());
            }
        }
    }

    private static StackTarget[] noArguments() {
        StackTarget[] args = new StackTarget[6];
        Arrays.fill(args, StackTarget.Elsewhere.INSTANCE);
        return args;
    }

    /** Analyses a function with these arguments, and what it calls with pointers into stacks. */
    private void analyse(CallStackUse call, StackTarget[] args) {
        if (++analysedCalls > MAX_CALLS) {
            throw log.reject(Errno.E2BIG, Message.LIVENESS_TOO_COMPLEX, analysedCalls);
        }
        CallStackUse found = call.isComplete() ? call.fresh() : call;
        StackTargets[] before = follow(found, args);
        record(found, before);
        analysed[found.subprog] = true;
        for (int i = unit.postorderStart[found.subprog]; i < unit.postorderStart[found.subprog + 1]; i++) {
            int at = unit.postorder[i];
            analyseCallee(found, before[at - found.start], at);
        }
        if (call.isComplete()) {
            call.merge(found);
        }
        call.update(unit);
    }

    /** Follows pointers until nothing changes; returns the targets before each instruction. */
    private StackTargets[] follow(CallStackUse call, StackTarget[] args) {
        StackTargets[] before = new StackTargets[call.length];
        Arrays.setAll(before, i -> StackTargets.unreached(call.depth));
        before[0] = StackTargets.entry(call.depth, args);
        boolean[] isNew = new boolean[call.length];
        isNew[0] = true;
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = unit.postorderStart[call.subprog + 1] - 1; i >= unit.postorderStart[call.subprog]; i--) {
                int at = unit.postorder[i];
                if (isNew[at - call.start]) {
                    isNew[at - call.start] = false;
                    changed |= step(call, before, isNew, at);
                }
            }
        }
        return before;
    }

    /** Carries what is known before an instruction to those after it; notes which of them learn something new. */
    private boolean step(CallStackUse call, StackTargets[] before, boolean[] isNew, int at) {
        StackTargets after = before[at - call.start].after(unit.insn(at), frame -> slotsAtCall[callsites[frame]]);
        boolean changed = false;
        for (int next : unit.cfg().successors(at)) {
            int target = next - call.start;
            if (target >= 0 && target < before.length && before[target].join(after)) {
                isNew[target] = true;
                changed = true;
            }
        }
        return changed;
    }

    private void record(CallStackUse call, StackTargets[] before) {
        StackAccessRecorder recorder = new StackAccessRecorder(unit, calls, call);
        for (int i = unit.postorderStart[call.subprog]; i < unit.postorderStart[call.subprog + 1]; i++) {
            int at = unit.postorder[i];
            StackTargets here = before[at - call.start];
            recorder.record(here, at);
            if (unit.insn(at).op() == Op.CALL_SUBPROG || unit.aux(at).callsCallback) {
                slotsAtCall[at] = here.slots();
            }
        }
    }

    /** Analyses what the instruction calls, directly or back, if it gets a pointer into a stack. */
    private void analyseCallee(CallStackUse caller, StackTargets before, int at) {
        Insn insn = unit.insn(at);
        if (insn.op() == Op.CALL_SUBPROG) {
            enter(caller, at, unit.findSubprog(at + 1 + insn.immLow()), before.arguments());
            return;
        }
        ContextPassing passing = contextPassing(insn, at);
        if (passing == null) {
            return;
        }
        StackTarget context = before.reg(passing.contextReg);
        int callee = constantFunction(at, passing.functionReg);
        if (callee >= 0) {
            StackTarget[] args = noArguments();
            args[passing.calleeReg] = context;
            enter(caller, at, callee, args);
        } else if (!(context instanceof StackTarget.Elsewhere)) {
            // One of several callbacks: any of them may read all that the context leads to.
            new StackAccessRecorder(unit, calls, caller).readAll(at);
        }
    }

    private void enter(CallStackUse caller, int at, int callee, StackTarget[] args) {
        if (callee < 0 || Arrays.stream(args, 1, 6).noneMatch(StackTarget::isStack)) {
            return;
        }
        if (caller.depth == VerifierState.MAX_CALL_FRAMES - 1) {
            throw log.reject(Errno.EINVAL);
        }
        CallStackUse called = liveness.useOf(unit, caller, at, callee);
        callsites[caller.depth] = at;
        analyse(called, args);
        for (int frame = 0; frame <= caller.depth; frame++) {
            caller.addRead(frame, at, called.aliveBefore(frame, called.start));
        }
    }

    /**
     * Registers by which a helper passes a context to its callback.
     *
     * @param functionReg register of the callback
     * @param contextReg register of the context
     * @param calleeReg register in which the callback gets it
     */
    private record ContextPassing(int functionReg, int contextReg, int calleeReg) {}

    /** Returns the way in which the instruction passes a context to a callback; null if it does not. */
    private @Nullable ContextPassing contextPassing(Insn insn, int at) {
        String helper = HelperIds.name(insn.immLow());
        if (insn.op() != Op.CALL_HELPER || !unit.aux(at).callsCallback || helper == null) {
            return null;
        }
        HelperTraits traits = unit.kernel().helperSets().traits(helper);
        Callback callback = traits.callback();
        int calleeReg = 1;
        for (Callback.Arg arg : callback == null ? List.<Callback.Arg>of() : callback.args()) {
            boolean isContext = arg.source() == Callback.Source.REGISTER && arg.regno() > traits.callbackReg();
            if (isContext) {
                return new ContextPassing(traits.callbackReg(), arg.regno(), calleeReg);
            }
            calleeReg++;
        }
        return null;
    }

    /** Number of the function whose address the register holds on all paths, -1 if there is none. */
    private int constantFunction(int at, int reg) {
        InsnAux aux = unit.aux(at);
        int[] values = aux.constRegValues;
        return values != null && (aux.constSubprogRegs >>> reg & 1) != 0 ? values[reg] : -1;
    }
}
