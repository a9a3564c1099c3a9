package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;

/**
 * Walks all instructions depth first from the entry: none may be unreachable. On the way it marks where states are compared
 * and where the path history has to be noted. Linux's {@code bpf_check_cfg}.
 */
public final class ControlFlow {
    private static final int DISCOVERED = 0x10;
    private static final int EXPLORED = 0x20;
    private static final int FALLTHROUGH = 1;
    private static final int BRANCH = 2;

    private final VerifierEnv env;
    private final int[] marks;
    private final int[] stack;
    private int depth;

    private ControlFlow(VerifierEnv env) {
        this.env = env;
        marks = new int[env.length()];
        stack = new int[env.length()];
    }

    public static void check(VerifierEnv env) {
        var walk = new ControlFlow(env);
        walk.from(0);
        if (env.exceptionCallbackSubprog != 0) {
            int start = env.subprog(env.exceptionCallbackSubprog).start;
            if (walk.marks[start] != EXPLORED) {
                walk.from(start);
            }
        }
        walk.checkReached();
    }

    private void from(int start) {
        marks[start] = DISCOVERED;
        stack[0] = start;
        depth = 1;
        while (depth > 0) {
            int at = stack[depth - 1];
            if (!visit(at)) {
                marks[at] = EXPLORED;
                depth--;
            }
        }
    }

    private void checkReached() {
        for (int i = 0; i < marks.length; i++) {
            if (marks[i] != EXPLORED) {
                throw env.reject(Errno.EINVAL, "unreachable insn %d", i);
            }
            if (env.insn(i).slots() == 2) {
                if (marks[i + 1] != 0) {
                    throw env.reject(Errno.EINVAL, "jump into the middle of ldimm64 insn %d", i);
                }
                i++;
            }
        }
    }

    /** Visits one instruction; true if another one has to be visited first. */
    private boolean visit(int at) {
        Insn insn = env.insn(at);
        return switch (insn.op().kind()) {
            case EXIT -> false;
            case GOTO_REG -> throw new UnsupportedFeature("an indirect jump (gotox) is not supported");
            case LDDW -> insn.op() == Op.LDDW_FUNC ? visitCall(at, insn, true) : push(at, at + 2, FALLTHROUGH);
            case JA -> {
                int target = at + insn.jumpOffset() + 1;
                if (push(at, target, FALLTHROUGH)) {
                    yield true;
                }
                markTarget(target);
                yield false;
            }
            case JCC, MAY_GOTO -> {
                env.aux(at).prunePoint = true;
                env.aux(at).forceCheckpoint |= insn.op() == Op.MAY_GOTO;
                yield push(at, at + 1, FALLTHROUGH) || push(at, at + insn.jumpOffset() + 1, BRANCH);
            }
            case CALL_HELPER, CALL_KFUNC -> {
                markCall(at, insn);
                yield visitCall(at, insn, false);
            }
            case CALL_SUBPROG -> visitCall(at, insn, true);
            default -> push(at, at + 1, FALLTHROUGH);
        };
    }

    private void markTarget(int target) {
        InsnAux aux = env.aux(target);
        aux.prunePoint = true;
        aux.jmpPoint = true;
        aux.jumpTarget = true;
    }

    private void markCall(int at, Insn insn) {
        CallChecker.CallSummary call = env.services().calls().summary(env, insn);
        InsnAux aux = env.aux(at);
        aux.prunePoint |= call.asyncCallback();
        if (call.syncCallback()) {
            aux.callsCallback = true;
            aux.forceCheckpoint = true;
            aux.prunePoint = true;
            aux.jmpPoint = true;
        }
        if (call.iterNext()) {
            aux.isIterNext = true;
            aux.prunePoint = true;
            aux.forceCheckpoint = true;
        }
        SubprogInfo subprog = env.subprogAt(at);
        subprog.mightSleep |= call.sleepable();
        subprog.changesPktData |= call.changesPktData();
        subprog.mightThrow |= call.throwsException();
    }

    private boolean visitCall(int at, Insn insn, boolean visitCallee) {
        int next = at + insn.slots();
        if (push(at, next, FALLTHROUGH)) {
            return true;
        }
        env.aux(next).prunePoint = true;
        env.aux(next).jmpPoint = true;
        if (!visitCallee) {
            return false;
        }
        int target = at + (int) insn.imm() + 1;
        env.aux(at).prunePoint = true;
        SubprogInfo caller = env.subprogAt(at);
        SubprogInfo callee = env.subprogAt(target);
        caller.changesPktData |= callee.changesPktData;
        caller.mightSleep |= callee.mightSleep;
        caller.mightThrow |= callee.mightThrow;
        return push(at, target, BRANCH);
    }

    private boolean push(int from, int to, int edge) {
        if (marks[from] >= (DISCOVERED | edge)) {
            return false;
        }
        if (to < 0 || to >= marks.length) {
            throw env.reject(Errno.EINVAL, "jump out of range from insn %d to %d", from, to);
        }
        if (edge == BRANCH) {
            markTarget(to);
        }
        if (marks[to] == 0) {
            marks[from] = DISCOVERED | edge;
            marks[to] = DISCOVERED;
            stack[depth++] = to;
            return true;
        }
        if (marks[to] == EXPLORED) {
            marks[from] = DISCOVERED | edge;
        }
        return false;
    }
}
