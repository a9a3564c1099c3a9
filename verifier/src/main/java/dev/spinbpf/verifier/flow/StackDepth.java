package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.flow.CallChecker.CallTrait;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;
import dev.spinbpf.verifier.state.VerifierState;

/** The stack of all frames of a call chain together: Linux's {@code check_max_stack_depth}. */
public final class StackDepth {
    private static final int PRIVATE_STACK_MIN = 64;
    private static final int TAIL_CALL_LIMIT = 256;
    private static final int ALIGNMENT = 16;

    private final Exploration path;
    private final boolean[] sharesStack;
    private final boolean[] ownStack;
    /** The call chain: numbers of the functions, outermost first. */
    private final int[] chain;

    private StackDepth(Exploration path) {
        this.path = path;
        int count = path.unit().subprogs().size();
        sharesStack = new boolean[count];
        ownStack = new boolean[count];
        chain = new int[count + VerifierState.MAX_CALL_FRAMES + 1];
    }

    public static void check(Exploration path) {
        new StackDepth(path).run();
    }

    private void run() {
        boolean tailCalls = path.unit().subprogs().stream().anyMatch(subprog -> subprog.hasTailCall);
        boolean privateStack = !tailCalls && path.unit().has(Property.PRIVATE_STACK);
        for (int i = path.unit().subprogs().size() - 1; i >= 0; i--) {
            if (i == 0 || path.subprogTrace(i).isAsyncCallback) {
                walk(i, 0, 0, 0, i == 0 && privateStack);
            }
        }
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
        SubprogInfo subprog = path.unit().subprog(number);
        chain[level] = number;
        if (!privateStack) {
            sharesStack[number] = true;
            ownStack[number] = false;
        }
        if (subprog.hasLdAbs) {
            refuseInCallback(level, Message.LD_ABS_IN_CALLBACK);
        }
        if (number != 0 && subprog.hasTailCall && depthBefore >= TAIL_CALL_LIMIT) {
            throw path.reject(Errno.EACCES, Message.TAIL_CALL_STACK_TOO_LARGE, depthBefore);
        }
        int depth = depthBefore + ownDepth(number, level, depthBefore, privateStack);
        boolean isApart = ownStack[number];
        path.maxStackDepth = Math.max(path.maxStackDepth, isApart ? roundedDepth(number) : depth);
        boolean tailCallReachable = subprog.hasTailCall;
        for (int i = subprog.start; i < subprog.end; i++) {
            tailCallReachable |= checkInsn(i, number, level, frame, depth, privateStack);
        }
        if (tailCallReachable) {
            for (int i = level; i >= 0; i--) {
                if (path.subprogTrace(chain[i]).isCallback
                        && path.unit().kernel().has(KernelRule.TAIL_CALLS_NOT_IN_CALLBACKS)) {
                    throw path.reject(Errno.EINVAL, Message.TAIL_CALL_IN_CALLBACK);
                }
                if (i < level && path.unit().subprog(chain[i]).isExceptionCallback) {
                    throw path.reject(Errno.EINVAL, Message.TAIL_CALL_IN_EXCEPTION_CB);
                }
                path.unit().subprog(chain[i]).tailCallReachable = true;
            }
        }
        return subprog.tailCallReachable;
    }

    private int ownDepth(int number, int level, int depthBefore, boolean privateStack) {
        int own = roundedDepth(number);
        if (privateStack && !sharesStack[number] && own >= PRIVATE_STACK_MIN) {
            ownStack[number] = true;
        }
        if (ownStack[number]) {
            return 0;
        }
        if (depthBefore + own > KernelLimits.MAX_BPF_STACK) {
            throw path.reject(Errno.EACCES, Message.COMBINED_STACK_TOO_LARGE, level + 1, depthBefore + own);
        }
        return own;
    }

    private int roundedDepth(int number) {
        return (path.subprogTrace(number).stackDepth + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private boolean checkInsn(int at, int number, int level, int frame, int depth, boolean privateStack) {
        Insn insn = path.unit().insn(at);
        if (insn.op() == Op.CALL_KFUNC) {
            if (path.services().calls().summary(path.unit(), insn).has(CallTrait.THROWS)) {
                refuseInCallback(level, Message.THROW_IN_CALLBACK, at, number);
            }
            return false;
        }
        boolean call = insn.op() == Op.CALL_SUBPROG;
        if (!call && insn.op() != Op.LDDW_FUNC) {
            return false;
        }
        int callee = path.unit().findSubprog(at + (int) insn.imm() + 1);
        SubprogInfo info = path.unit().subprog(callee);
        if (path.subprogTrace(callee).isAsyncCallback && !call) {
            return false;
        }
        if (path.subprogTrace(callee).isAsyncCallback && info.isExceptionCallback) {
            throw path.reject(Errno.EINVAL, Message.EXCEPTION_CB_CALLED_DIRECTLY, at);
        }
        boolean beginsChain = info.global && path.unit().kernel().has(KernelRule.GLOBAL_FUNCTIONS_BEGIN_CHAINS);
        int calleeFrame = beginsChain ? 0 : frame + 1;
        if (calleeFrame >= path.unit().maxCallFrames()) {
            throw path.reject(Errno.E2BIG, Message.CALL_CHAIN_TOO_DEEP, calleeFrame);
        }
        return walk(callee, level + 1, calleeFrame, depth, privateStack);
    }

    private void refuseInCallback(int level, Message message, Object... args) {
        for (int i = level; i >= 0; i--) {
            if (path.subprogTrace(chain[i]).isCallback) {
                throw path.reject(Errno.EINVAL, message, args);
            }
        }
    }
}
