package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.CallChecker.CallTrait;
import dev.spinbpf.verifier.kernel.Message;
import java.util.Arrays;

/**
 * The facts that follow from the program's control flow alone: each instruction can be reached, where states are
 * compared and history is noted, in which order analyses go, and where loops are.
 *
 * <p>What holds after {@link #check}: a path from the program's start, or from the function that handles exceptions,
 * leads to every instruction, and none into the middle of one. A state is compared (prune point) where paths part or
 * may meet: at a conditional jump, at the target of a jump or call, after a call, and at a call that calls back or
 * steps an iterator. The history notes (jump point) where a slot may be reached from another one than that before it. A
 * checkpoint is forced where Linux bounds a loop by states that it must find again: may_goto, an iterator's next, a
 * call that calls back. A function has the side effects of all functions it refers to.
 *
 * <p>Jumps out of functions and functions that end in the middle of nowhere were refused before, so that each edge has
 * a target.
 */
public final class ControlFlow implements Cfg.Visitor {
    private final ProgramUnit unit;
    private final CallChecker calls;

    private ControlFlow(ProgramUnit unit, CallChecker calls) {
        this.unit = unit;
        this.calls = calls;
    }

    /**
     * Refuses unreachable instructions, and fills the marks of {@link InsnAux} and the side effects of {@link
     * SubprogInfo}.
     */
    public static void check(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        Cfg.Walk walk = Cfg.ofProgram(unit, log).walk(new ControlFlow(unit, calls));
        walk.from(0);
        if (unit.exceptionCallbackSubprog != 0) {
            walk.from(unit.subprog(unit.exceptionCallbackSubprog).start);
        }
        for (int i = 0; i < unit.length(); i += unit.insn(i).slots()) {
            if (!walk.hasVisited(i)) {
                throw log.reject(Errno.EINVAL, Message.UNREACHABLE_INSN, i);
            }
            if (unit.insn(i).slots() == 2 && walk.hasVisited(i + 1)) {
                throw log.reject(Errno.EINVAL, Message.JUMP_INTO_LDIMM64, i);
            }
        }
    }

    /**
     * Fills {@link ProgramUnit#postorder} and {@link ProgramUnit#postorderStart}: the slots of each function,
     * successors first.
     */
    public static void orderFunctions(ProgramUnit unit) {
        int[] order = new int[unit.length()];
        int[] filled = {0};
        Cfg.Walk walk = unit.cfg().walkLastEdgeFirst(new Cfg.Visitor() {
            @Override
            public void leave(int node) {
                order[filled[0]++] = node;
            }
        });
        int count = unit.subprogs().size();
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++) {
            walk.from(unit.subprog(i).start);
            starts[i + 1] = filled[0];
        }
        unit.postorder = Arrays.copyOf(order, filled[0]);
        unit.postorderStart = starts;
    }

    /**
     * Fills {@code scc} of the instructions. A call that calls back is a loop, though none of the function's edges says
     * so.
     */
    public static void findLoops(ProgramUnit unit) {
        int[] components = LoopComponents.of(unit.cfg(), at -> unit.aux(at).callsCallback);
        for (int i = 0; i < components.length; i++) {
            unit.aux(i).scc = components[i];
        }
    }

    @Override
    public void enter(int at) {
        Insn insn = unit.insn(at);
        InsnAux aux = unit.aux(at);
        switch (insn.op().kind()) {
            case JA -> markTarget(at + 1 + insn.jumpOffset());
            case JCC -> {
                aux.prunePoint = true;
                markTarget(at + 1 + insn.jumpOffset());
            }
            case GOTO_REG -> {
                aux.prunePoint = true;
                for (int target : unit.subprogAt(at).jumpTargets) {
                    unit.aux(target).jmpPoint = true;
                    unit.aux(target).jumpTarget = true;
                }
            }
            case MAY_GOTO -> {
                aux.prunePoint = true;
                aux.forceCheckpoint = true;
                markTarget(at + 1 + insn.jumpOffset());
            }
            case CALL_HELPER, CALL_KFUNC -> {
                markReturn(at + 1);
                markCall(insn, at);
            }
            case CALL_SUBPROG -> markReference(insn, at);
            case LDDW -> {
                if (insn.op() == Op.LDDW_FUNC) {
                    markReference(insn, at);
                }
            }
            default -> {
                // Control goes on as it came.
            }
        }
    }

    private void markReference(Insn insn, int at) {
        unit.aux(at).prunePoint = true;
        markReturn(at + insn.slots());
        markTarget(Cfg.calleeStart(insn, at));
    }

    private void markTarget(int target) {
        markReturn(target);
        unit.aux(target).jumpTarget = true;
    }

    private void markReturn(int target) {
        unit.aux(target).prunePoint = true;
        unit.aux(target).jmpPoint = true;
    }

    private void markCall(Insn insn, int at) {
        CallChecker.CallSummary call = calls.summary(unit, insn);
        InsnAux aux = unit.aux(at);
        aux.callsCallback |= call.has(CallTrait.SYNC_CALLBACK);
        aux.isIterNext |= call.has(CallTrait.ITERATOR_NEXT);
        aux.jmpPoint |= call.has(CallTrait.SYNC_CALLBACK);
        aux.forceCheckpoint |= call.has(CallTrait.SYNC_CALLBACK) || call.has(CallTrait.ITERATOR_NEXT);
        aux.prunePoint |= call.has(CallTrait.SYNC_CALLBACK)
                || call.has(CallTrait.ITERATOR_NEXT)
                || call.has(CallTrait.ASYNC_CALLBACK);
        SubprogInfo subprog = unit.subprogAt(at);
        // The helpers of a program that replaces a function are not known yet.
        boolean isKnown = !unit.isExtension() || insn.op() == Op.CALL_KFUNC;
        subprog.mightSleep |= isKnown && call.has(CallTrait.SLEEPABLE);
        subprog.changesPktData |= call.has(CallTrait.CHANGES_PACKETS);
        subprog.mightThrow |= call.has(CallTrait.THROWS);
    }

    /** A function has the side effects of those it refers to. */
    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        Insn insn = unit.insn(from);
        boolean intoFunction = index == 1 && (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC);
        if (intoFunction) {
            SubprogInfo caller = unit.subprogAt(from);
            SubprogInfo callee = unit.subprogAt(to);
            caller.changesPktData |= callee.changesPktData;
            caller.mightSleep |= callee.mightSleep;
            caller.mightThrow |= callee.mightThrow;
        }
    }
}
