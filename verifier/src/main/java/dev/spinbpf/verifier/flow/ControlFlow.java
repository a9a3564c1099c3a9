package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
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
    private final VerifierEnv env;

    private ControlFlow(VerifierEnv env) {
        this.env = env;
    }

    /**
     * Refuses unreachable instructions, and fills the marks of {@link InsnAux} and the side effects of {@link
     * SubprogInfo}.
     */
    public static void check(VerifierEnv env) {
        Cfg.Walk walk = Cfg.ofProgram(env).walk(new ControlFlow(env));
        walk.from(0);
        if (env.exceptionCallbackSubprog != 0) {
            walk.from(env.subprog(env.exceptionCallbackSubprog).start);
        }
        for (int i = 0; i < env.length(); i += env.insn(i).slots()) {
            if (!walk.hasVisited(i)) {
                throw env.reject(Errno.EINVAL, "unreachable insn %d", i);
            }
            if (env.insn(i).slots() == 2 && walk.hasVisited(i + 1)) {
                throw env.reject(Errno.EINVAL, "jump into the middle of ldimm64 insn %d", i);
            }
        }
    }

    /**
     * Fills {@link VerifierEnv#postorder} and {@link VerifierEnv#postorderStart}: the slots of each function,
     * successors first.
     */
    public static void orderFunctions(VerifierEnv env, Cfg cfg) {
        int[] order = new int[env.length()];
        int[] filled = {0};
        Cfg.Walk walk = cfg.walkLastEdgeFirst(new Cfg.Visitor() {
            @Override
            public void leave(int node) {
                order[filled[0]++] = node;
            }
        });
        int count = env.subprogs().size();
        int[] starts = new int[count + 1];
        for (int i = 0; i < count; i++) {
            walk.from(env.subprog(i).start);
            starts[i + 1] = filled[0];
        }
        env.postorder = Arrays.copyOf(order, filled[0]);
        env.postorderStart = starts;
    }

    /**
     * Fills {@code scc} of the instructions. A call that calls back is a loop, though none of the function's edges says
     * so.
     */
    public static void findLoops(VerifierEnv env, Cfg cfg) {
        int[] components = LoopComponents.of(cfg, at -> env.aux(at).callsCallback);
        for (int i = 0; i < components.length; i++) {
            env.aux(i).scc = components[i];
        }
    }

    @Override
    public void enter(int at) {
        Insn insn = env.insn(at);
        InsnAux aux = env.aux(at);
        switch (insn.op().kind()) {
            case JA -> markTarget(at + 1 + insn.jumpOffset());
            case JCC -> {
                aux.prunePoint = true;
                markTarget(at + 1 + insn.jumpOffset());
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
        env.aux(at).prunePoint = true;
        markReturn(at + insn.slots());
        markTarget(Cfg.calleeStart(insn, at));
    }

    private void markTarget(int target) {
        markReturn(target);
        env.aux(target).jumpTarget = true;
    }

    private void markReturn(int target) {
        env.aux(target).prunePoint = true;
        env.aux(target).jmpPoint = true;
    }

    private void markCall(Insn insn, int at) {
        CallChecker.CallSummary call = env.services().calls().summary(env, insn);
        InsnAux aux = env.aux(at);
        aux.callsCallback |= call.syncCallback();
        aux.isIterNext |= call.iterNext();
        aux.jmpPoint |= call.syncCallback();
        aux.forceCheckpoint |= call.syncCallback() || call.iterNext();
        aux.prunePoint |= call.syncCallback() || call.iterNext() || call.asyncCallback();
        SubprogInfo subprog = env.subprogAt(at);
        subprog.mightSleep |= call.sleepable();
        subprog.changesPktData |= call.changesPktData();
        subprog.mightThrow |= call.throwsException();
    }

    /** A function has the side effects of those it refers to. */
    @Override
    public void edge(int from, int index, int to, Cfg.EdgeKind kind) {
        Insn insn = env.insn(from);
        boolean intoFunction = index == 1 && (insn.op() == Op.CALL_SUBPROG || insn.op() == Op.LDDW_FUNC);
        if (intoFunction) {
            SubprogInfo caller = env.subprogAt(from);
            SubprogInfo callee = env.subprogAt(to);
            caller.changesPktData |= callee.changesPktData;
            caller.mightSleep |= callee.mightSleep;
            caller.mightThrow |= callee.mightThrow;
        }
    }
}
