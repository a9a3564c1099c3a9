package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The walk through all paths of a program: the state of the path that is being walked, the branches that are still to be
 * taken, and the counters that bound it.
 */
public final class Exploration {
    private final ProgramUnit unit;
    private final VerifierLog log;
    private final Services services;
    private final int insnLimit;
    private final InsnTrace[] traces;
    private final List<SubprogTrace> subprogTraces = new ArrayList<>();
    private final ArrayDeque<Pending> branchStack = new ArrayDeque<>();

    private VerifierState state = new VerifierState();
    private int insnIndex;
    private int prevInsnIndex;
    private int idGen;
    private int passCount;

    /** Instructions processed so far. */
    public int insnProcessed;
    /** {@link #insnProcessed} when the last state was kept. */
    public int prevInsnProcessed;
    /** Jumps, calls and exits processed so far. */
    public int jmpsProcessed;
    /** {@link #jmpsProcessed} when the last state was kept. */
    public int prevJmpsProcessed;
    /** States kept so far. */
    public int totalStates;
    /** Most states kept at one time. */
    public int peakStates;
    /** Most states that were looked at for one slot. */
    public int maxStatesPerInsn;
    /** A path threw an exception. */
    public boolean seenException;
    /** A path wrote to a packet directly. */
    public boolean seenDirectWrite;
    /** The jump history's entry of the current instruction, as an index into it; -1 if it has none yet. */
    public int currentHistoryEntry = -1;
    /** The slot after the call that is being checked, unless it made the frame return. */
    public int redirect;

    /** Sees the exploration; null outside of tests. */
    public @Nullable ExplorationObserver observer;
    /** Sees the calls of the paths that are explored; null where nobody asks. */
    public @Nullable CallObserver callObserver;
    /** True if instructions are counted for each function too. */
    public boolean countsByFunction;
    /** The deepest stack of all call chains, in bytes. */
    int maxStackDepth;
    /** True if pruning compares all scalars, even those that do not matter to safety: for tests. */
    public boolean comparesAllScalars;

    private record Pending(VerifierState state, int insnIndex, int prevInsnIndex, int logPosition) {}

    /**
     * An exploration that has not begun.
     *
     * @param insnLimit most instructions to process
     */
    public Exploration(ProgramUnit unit, VerifierLog log, Services services, int insnLimit) {
        this.unit = unit;
        this.log = log;
        this.services = services;
        this.insnLimit = insnLimit;
        traces = new InsnTrace[unit.length()];
        for (int i = 0; i < traces.length; i++) {
            traces[i] = new InsnTrace();
        }
    }

    /** The program that is explored. */
    public ProgramUnit unit() {
        return unit;
    }

    public VerifierLog log() {
        return log;
    }

    public Services services() {
        return services;
    }

    /** Most instructions to process. */
    public int insnLimit() {
        return insnLimit;
    }

    /** The notes on an instruction. */
    public InsnTrace trace(int insn) {
        return traces[insn];
    }

    /** The notes on a function. */
    public SubprogTrace subprogTrace(int number) {
        while (subprogTraces.size() <= number) {
            subprogTraces.add(new SubprogTrace());
        }
        return subprogTraces.get(number);
    }

    /** The state of the path that is being walked. */
    public VerifierState state() {
        return state;
    }

    public void setState(VerifierState newState) {
        state = newState;
    }

    /** The current frame. */
    public FuncState func() {
        return state.func();
    }

    /** The frame that a PTR_TO_STACK register points into. */
    public FuncState func(RegState pointer) {
        return state.frame(pointer.frameno());
    }

    /** A register of the current frame. */
    public RegState reg(int number) {
        return state.func().reg(number);
    }

    /** Sets a register of the current frame. */
    public void setReg(int number, RegState reg) {
        state.func().setReg(number, reg);
    }

    /** The slot that is being processed. */
    public int insnIndex() {
        return insnIndex;
    }

    public void setInsnIndex(int index) {
        insnIndex = index;
    }

    /** The slot that was processed before on this path; -1 at its start. */
    public int prevInsnIndex() {
        return prevInsnIndex;
    }

    public void setPrevInsnIndex(int index) {
        prevInsnIndex = index;
    }

    /** A new id for registers, references or dynptrs. */
    public int newId() {
        return ++idGen;
    }

    /** The id that {@link #newId} returned last. */
    public int lastId() {
        return idGen;
    }

    /** Number of the pass: one for the main function and one for each global function. */
    public int passCount() {
        return passCount;
    }

    public void nextPass() {
        passCount++;
    }

    /** Makes the frame's stack at least so many bytes large. */
    public void growStack(FuncState func, int bytes) {
        func.grow(bytes);
        SubprogTrace trace = subprogTrace(func.subprog());
        trace.stackDepth = Math.max(trace.stackDepth, func.allocatedStack());
    }

    /** Keeps a copy of the current state, to be continued at a slot later. */
    public VerifierState pushStack(int nextInsn, int prevInsn) {
        return pushStack(nextInsn, prevInsn, null);
    }

    /**
     * Keeps a copy of the current state, to be continued at a slot later.
     *
     * @param failure the last line of the refusal where there are too many already; null for none but that
     */
    public VerifierState pushStack(int nextInsn, int prevInsn, @Nullable Message failure) {
        VerifierState copy = state.copy();
        branchStack.push(new Pending(copy, nextInsn, prevInsn, log.position()));
        if (branchStack.size() > KernelLimits.BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
            log.note(Message.TOO_MANY_JUMPS, branchStack.size());
            if (failure != null) {
                log.note(failure);
            }
            throw reject(Errno.E2BIG);
        }
        VerifierState parent = copy.parent();
        if (parent != null) {
            parent.setBranches(parent.branches() + 1);
        }
        return copy;
    }

    /** Counts the current instruction for its function, and for those that it was called from. */
    public void countInFunctions() {
        subprogTrace(func().subprog()).insns++;
        for (int i = state.curframe(); i >= 0; i--) {
            subprogTrace(state.frame(i).subprog()).insnsWithCallees++;
        }
    }

    /** Takes up the branch that was pushed last; false if there is none. */
    public boolean popStack() {
        Pending pending = branchStack.poll();
        if (pending == null) {
            return false;
        }
        state = pending.state();
        insnIndex = pending.insnIndex();
        prevInsnIndex = pending.prevInsnIndex();
        log.reset(pending.logPosition());
        return true;
    }

    /** Keeps another state than a copy of the current one, to be continued at a slot later. */
    public void pushState(VerifierState other, int nextInsn, int prevInsn) {
        branchStack.push(new Pending(other, nextInsn, prevInsn, log.position()));
        if (branchStack.size() > KernelLimits.BPF_COMPLEXITY_LIMIT_JMP_SEQ) {
            throw reject(Errno.E2BIG, Message.TOO_MANY_ASYNC_JUMPS, branchStack.size());
        }
    }

    /** Drops all branches that were pushed. */
    public void clearBranchStack() {
        branchStack.clear();
    }

    /** As {@link VerifierLog#reject(int)}. */
    public Rejection reject(int errno) {
        return log.reject(errno);
    }

    /** As {@link VerifierLog#reject(int, Message, Object...)}. */
    public Rejection reject(int errno, Message message, @Nullable Object... args) {
        return log.reject(errno, message, args);
    }
}
