package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.state.VerifierState;

/** The stack of all frames of a call chain together: Linux's {@code check_max_stack_depth}. */
public final class StackDepth {
    private static final int PRIVATE_STACK_MIN = 64;
    private static final int TAIL_CALL_LIMIT = 256;
    private static final int ALIGNMENT = 16;

    private final VerifierEnv env;
    private final boolean[] sharesStack;
    private final boolean[] ownStack;
    /** The call chain: numbers of the functions, outermost first. */
    private final int[] chain;

    private StackDepth(VerifierEnv env) {
        this.env = env;
        int count = env.subprogs().size();
        sharesStack = new boolean[count];
        ownStack = new boolean[count];
        chain = new int[count + VerifierState.MAX_CALL_FRAMES + 1];
    }

    public static void check(VerifierEnv env) {
        new StackDepth(env).run();
    }

    private void run() {
        boolean tailCalls = env.subprogs().stream().anyMatch(subprog -> subprog.hasTailCall);
        boolean privateStack = !tailCalls && supportsPrivateStack();
        for (int i = env.subprogs().size() - 1; i >= 0; i--) {
            if (i == 0 || env.subprog(i).isAsyncCallback) {
                walk(i, 0, 0, 0, i == 0 && privateStack);
            }
        }
    }

    /** Returns whether functions of programs of this kind get stack of their own when they need much. */
    private boolean supportsPrivateStack() {
        return switch (env.program().type()) {
            case KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT -> true;
            case TRACING -> env.program().attachType() != AttachType.TRACE_ITER;
            default -> false;
        };
    }

    /**
     * Walks a function and all that it calls.
     *
     * @param level its index in the call chain
     * @param frame how many static functions are on top of the chain
     * @param depthBefore bytes of stack that its callers use
     * @return whether a tail call can be reached from it
     */
    private boolean walk(int number, int level, int frame, int depthBefore, boolean privateStack) {
        SubprogInfo subprog = env.subprog(number);
        chain[level] = number;
        if (!privateStack) {
            sharesStack[number] = true;
            ownStack[number] = false;
        }
        if (subprog.hasLdAbs) {
            refuseInCallback(level, "cannot use BPF_LD_[ABS|IND] within callback");
        }
        if (number != 0 && subprog.hasTailCall && depthBefore >= TAIL_CALL_LIMIT) {
            throw env.reject(
                    Errno.EACCES,
                    "tail_calls are not allowed when call stack of previous frames is %d bytes. Too large",
                    depthBefore);
        }
        int depth = depthBefore + ownDepth(number, level, depthBefore, privateStack);
        boolean tailCallReachable = subprog.hasTailCall;
        for (int i = subprog.start; i < subprog.end; i++) {
            tailCallReachable |= checkInsn(i, number, level, frame, depth, privateStack);
        }
        if (tailCallReachable) {
            for (int i = level; i >= 0; i--) {
                if (i < level && env.subprog(chain[i]).isExceptionCallback) {
                    throw env.reject(Errno.EINVAL, "cannot tail call within exception cb");
                }
                env.subprog(chain[i]).tailCallReachable = true;
            }
        }
        return subprog.tailCallReachable;
    }

    private int ownDepth(int number, int level, int depthBefore, boolean privateStack) {
        int own = (env.subprog(number).stackDepth + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (privateStack && !sharesStack[number] && own >= PRIVATE_STACK_MIN) {
            ownStack[number] = true;
        }
        if (ownStack[number]) {
            if (own > KernelLimits.MAX_BPF_STACK) {
                throw env.reject(Errno.EACCES, "stack size of subprog %d is %d. Too large", number, own);
            }
            return 0;
        }
        if (depthBefore + own > KernelLimits.MAX_BPF_STACK) {
            throw env.reject(
                    Errno.EACCES, "combined stack size of %d calls is %d. Too large", level + 1, depthBefore + own);
        }
        return own;
    }

    private boolean checkInsn(int at, int number, int level, int frame, int depth, boolean privateStack) {
        Insn insn = env.insn(at);
        if (insn.op() == Op.CALL_KFUNC) {
            if (env.services().calls().summary(env, insn).throwsException()) {
                refuseInCallback(
                        level,
                        "bpf_throw kfunc (insn %d) cannot be called from callback subprog %d".formatted(at, number));
            }
            return false;
        }
        boolean call = insn.op() == Op.CALL_SUBPROG;
        if (!call && insn.op() != Op.LDDW_FUNC) {
            return false;
        }
        int callee = env.findSubprog(at + (int) insn.imm() + 1);
        SubprogInfo info = env.subprog(callee);
        if (info.isAsyncCallback && !call) {
            return false;
        }
        if (info.isAsyncCallback && info.isExceptionCallback) {
            throw env.reject(Errno.EINVAL, "insn %d cannot call exception cb directly", at);
        }
        int calleeFrame = info.global ? 0 : frame + 1;
        if (calleeFrame >= VerifierState.MAX_CALL_FRAMES) {
            throw env.reject(Errno.E2BIG, "the call stack of %d frames is too deep !", calleeFrame);
        }
        return walk(callee, level + 1, calleeFrame, depth, privateStack);
    }

    private void refuseInCallback(int level, String message) {
        for (int i = level; i >= 0; i--) {
            if (env.subprog(chain[i]).isCallback) {
                env.verbose("%s\n", message);
                throw env.reject(Errno.EINVAL);
            }
        }
    }
}
