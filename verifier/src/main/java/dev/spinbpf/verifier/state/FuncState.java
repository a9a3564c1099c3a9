package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.kernel.RetvalRange;
import java.util.Arrays;

/**
 * One frame of the call stack: registers and stack. Mutable, over immutable registers and slots; a copy is two array
 * clones. Linux's {@code struct bpf_func_state}.
 */
public final class FuncState {
    /** Registers r0 to r10. */
    public static final int REGISTERS = KernelLimits.MAX_BPF_REG;

    private final RegState[] regs;
    private StackSlot[] stack;
    private final int callsite;
    private final int frameno;
    private final int subprog;
    private int asyncEntryCount;
    private RetvalRange callbackRetRange = new RetvalRange(0, 0);
    private boolean inCallback;
    private boolean inAsyncCallback;
    private boolean inExceptionCallback;
    private int callbackDepth;

    /**
     * A frame with nothing in it but the frame pointer.
     *
     * @param callsite slot of the call, -1 for the main function
     * @param frameno 0 for the main function
     * @param subprog which function it is
     */
    public FuncState(int callsite, int frameno, int subprog) {
        this.callsite = callsite;
        this.frameno = frameno;
        this.subprog = subprog;
        regs = new RegState[REGISTERS];
        Arrays.fill(regs, RegState.NOT_INIT);
        regs[REGISTERS - 1] = RegState.stack(frameno, 0);
        stack = new StackSlot[0];
    }

    private FuncState(FuncState from) {
        callsite = from.callsite;
        frameno = from.frameno;
        subprog = from.subprog;
        regs = from.regs.clone();
        stack = from.stack.clone();
        asyncEntryCount = from.asyncEntryCount;
        callbackRetRange = from.callbackRetRange;
        inCallback = from.inCallback;
        inAsyncCallback = from.inAsyncCallback;
        inExceptionCallback = from.inExceptionCallback;
        callbackDepth = from.callbackDepth;
    }

    public FuncState copy() {
        return new FuncState(this);
    }

    public RegState reg(int number) {
        return regs[number];
    }

    public void setReg(int number, RegState reg) {
        regs[number] = reg;
    }

    /** Slots allocated so far; the stack is 8 times as many bytes. */
    public int slots() {
        return stack.length;
    }

    /** Bytes of stack allocated so far. */
    public int allocatedStack() {
        return stack.length * StackSlot.BYTES;
    }

    /** The slot; {@code spi} must be below {@link #slots()}. */
    public StackSlot slot(int spi) {
        return stack[spi];
    }

    public void setSlot(int spi, StackSlot slot) {
        stack[spi] = slot;
    }

    /** Makes the stack at least this large; use {@code Exploration.growStack} to account for it too. */
    public void grow(int bytes) {
        int wanted = (bytes + StackSlot.BYTES - 1) / StackSlot.BYTES;
        int had = stack.length;
        if (wanted > had) {
            stack = Arrays.copyOf(stack, wanted);
            Arrays.fill(stack, had, wanted, StackSlot.EMPTY);
        }
    }

    /** Slot of the call that made the frame; -1 in the main function. */
    public int callsite() {
        return callsite;
    }

    public int frameno() {
        return frameno;
    }

    /** Number of the function. */
    public int subprog() {
        return subprog;
    }

    public int asyncEntryCount() {
        return asyncEntryCount;
    }

    public void setAsyncEntryCount(int count) {
        asyncEntryCount = count;
    }

    /** The values that the frame's function may return if it is a callback. */
    public RetvalRange callbackRetRange() {
        return callbackRetRange;
    }

    public void setCallbackRetRange(RetvalRange range) {
        callbackRetRange = range;
    }

    public boolean inCallback() {
        return inCallback;
    }

    public void setInCallback(boolean value) {
        inCallback = value;
    }

    public boolean inAsyncCallback() {
        return inAsyncCallback;
    }

    public void setInAsyncCallback(boolean value) {
        inAsyncCallback = value;
    }

    public boolean inExceptionCallback() {
        return inExceptionCallback;
    }

    public void setInExceptionCallback(boolean value) {
        inExceptionCallback = value;
    }

    /** Number of times in a row that the callback called from this frame was simulated. */
    public int callbackDepth() {
        return callbackDepth;
    }

    public void setCallbackDepth(int depth) {
        callbackDepth = depth;
    }
}
