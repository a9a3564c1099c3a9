package dev.spinbpf.verifier.state;

import dev.spinbpf.programs.linux.KernelLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** All that is known at one point of one path: frames, references, locks. Linux's {@code struct bpf_verifier_state}. */
public final class VerifierState {
    /** Most frames at a time. */
    public static final int MAX_CALL_FRAMES = KernelLimits.MAX_CALL_FRAMES;

    private FuncState[] frames = new FuncState[1];
    private int frameCount;
    private ArrayList<AcquiredReference> references = new ArrayList<>(0);
    private ArrayList<JmpHistoryEntry> jmpHistory = new ArrayList<>(2);
    private @Nullable VerifierState parent;
    private @Nullable VerifierState equalState;
    private int branches;
    private int insn;
    private int firstInsn;
    private int lastInsn;
    private int dfsDepth;
    private int callbackUnrollDepth;
    private int mayGotoDepth;

    private int activeLocks;
    private int activePreemptLocks;
    private int activeRcuLocks;
    private boolean inSleepable;
    private @Nullable Object trace;

    /** A copy that shares nothing mutable but the parent. */
    public VerifierState copy() {
        var copy = new VerifierState();
        copy.frames = new FuncState[frameCount];
        for (int i = 0; i < frameCount; i++) {
            copy.frames[i] = frames[i].copy();
        }
        copy.frameCount = frameCount;
        copy.references = new ArrayList<>(references);
        copy.jmpHistory = new ArrayList<>(jmpHistory);
        copy.parent = parent;
        copy.equalState = equalState;
        copy.branches = branches;
        copy.insn = insn;
        copy.firstInsn = firstInsn;
        copy.lastInsn = lastInsn;
        copy.dfsDepth = dfsDepth;
        copy.callbackUnrollDepth = callbackUnrollDepth;
        copy.mayGotoDepth = mayGotoDepth;
        copy.activeLocks = activeLocks;
        copy.activePreemptLocks = activePreemptLocks;
        copy.activeRcuLocks = activeRcuLocks;
        copy.inSleepable = inSleepable;
        copy.trace = trace;
        return copy;
    }

    /** Number of the current frame. */
    public int curframe() {
        return frameCount - 1;
    }

    public FuncState frame(int number) {
        return frames[number];
    }

    /** The current frame. */
    public FuncState func() {
        return frames[frameCount - 1];
    }

    public List<FuncState> frames() {
        return Arrays.asList(frames).subList(0, frameCount);
    }

    public void pushFrame(FuncState frame) {
        if (frameCount == frames.length) {
            frames = Arrays.copyOf(frames, frameCount + 1);
        }
        frames[frameCount++] = frame;
    }

    /** Leaves the current frame, and returns it. */
    public FuncState popFrame() {
        return frames[--frameCount];
    }

    /** The slot at which a frame stands: of the current one this state's, of the others their call. */
    public int frameInsn(int number) {
        return number == curframe() ? insn : frames[number + 1].callsite();
    }

    /** Replaces every register, and every spilled register, of all frames by what the function makes of it. */
    public void mapRegs(UnaryOperator<RegState> change) {
        for (int number = 0; number < frameCount; number++) {
            FuncState frame = frames[number];
            for (int i = 0; i < FuncState.REGISTERS; i++) {
                frame.setReg(i, change.apply(frame.reg(i)));
            }
            for (int spi = 0; spi < frame.slots(); spi++) {
                StackSlot slot = frame.slot(spi);
                if (slot.isSpilled()) {
                    frame.setSlot(spi, slot.withSpilled(change.apply(slot.spilled())));
                }
            }
        }
    }

    /** References acquired and not released yet, in the order of acquisition. Do not change it directly. */
    public List<AcquiredReference> references() {
        return references;
    }

    /** Adds a reference to an object or other thing; locks have a method of their own. */
    public void addReference(AcquiredReference reference) {
        references.add(reference);
    }

    public void removeReference(int index) {
        references.remove(index);
    }

    /** True if an object with this id was acquired and not released. */
    public boolean hasReference(int id) {
        for (AcquiredReference reference : references) {
            if (reference.type() == AcquiredReference.Type.PTR && reference.id() == id) {
                return true;
            }
        }
        return false;
    }

    /** Takes a lock. */
    public void acquireLock(AcquiredReference lock) {
        references.add(lock);
        activeLocks++;
    }

    /** The lock taken last of those held, null if none is. */
    public @Nullable AcquiredReference lastLock() {
        for (int i = references.size() - 1; activeLocks > 0 && i >= 0; i--) {
            if (references.get(i).type().isLock()) {
                return references.get(i);
            }
        }
        return null;
    }

    /** Releases {@link #lastLock}. */
    public void releaseLastLock() {
        references.remove(references.lastIndexOf(lastLock()));
        activeLocks--;
    }

    /** The lock of one of these types with this id and owner that is held, or null. */
    public @Nullable AcquiredReference findLock(int id, @Nullable Object owner, AcquiredReference.Type... types) {
        for (AcquiredReference reference : references) {
            for (AcquiredReference.Type type : types) {
                if (reference.type() == type && reference.id() == id && sameOwner(reference.lockOwner(), owner)) {
                    return reference;
                }
            }
        }
        return null;
    }

    /** True if two locks lie in the same map or type. */
    public static boolean sameOwner(@Nullable Object a, @Nullable Object b) {
        return a == null ? b == null : a.equals(b);
    }

    /** The interrupt flags saved last of those not restored, null if interrupts are on. */
    public @Nullable AcquiredReference lastIrq() {
        for (int i = references.size() - 1; i >= 0; i--) {
            if (references.get(i).type() == AcquiredReference.Type.IRQ) {
                return references.get(i);
            }
        }
        return null;
    }

    /** Restores {@link #lastIrq}. */
    public void releaseLastIrq() {
        references.remove(references.lastIndexOf(lastIrq()));
    }

    /** Returns whether interrupts are off. */
    public boolean isIrqDisabled() {
        return lastIrq() != null;
    }

    /** Locks held. */
    public int activeLocks() {
        return activeLocks;
    }

    public int activePreemptLocks() {
        return activePreemptLocks;
    }

    public void setActivePreemptLocks(int count) {
        activePreemptLocks = count;
    }

    public int activeRcuLocks() {
        return activeRcuLocks;
    }

    public void setActiveRcuLocks(int count) {
        activeRcuLocks = count;
    }

    /** True if the path runs in a callback that may sleep. */
    public boolean inSleepable() {
        return inSleepable;
    }

    public void setInSleepable(boolean value) {
        inSleepable = value;
    }

    /** An observer's note of how the path came here; copies share it. Null where nobody observes. */
    public @Nullable Object trace() {
        return trace;
    }

    public void setTrace(@Nullable Object note) {
        trace = note;
    }

    public List<JmpHistoryEntry> jmpHistory() {
        return jmpHistory;
    }

    public @Nullable VerifierState parent() {
        return parent;
    }

    public void setParent(@Nullable VerifierState state) {
        parent = state;
    }

    /** Of a state at the end of a loop: the cached state that it equals. */
    public @Nullable VerifierState equalState() {
        return equalState;
    }

    public void setEqualState(@Nullable VerifierState state) {
        equalState = state;
    }

    /** Paths from this state that are still to be explored. */
    public int branches() {
        return branches;
    }

    /** A path from this state has ended; true if none is left. */
    public boolean endBranch() {
        return --branches == 0;
    }

    public void setBranches(int count) {
        branches = count;
    }

    /** The current slot. */
    public int insn() {
        return insn;
    }

    public void setInsn(int index) {
        insn = index;
    }

    public int firstInsn() {
        return firstInsn;
    }

    public void setFirstInsn(int index) {
        firstInsn = index;
    }

    public int lastInsn() {
        return lastInsn;
    }

    public void setLastInsn(int index) {
        lastInsn = index;
    }

    public int dfsDepth() {
        return dfsDepth;
    }

    public void setDfsDepth(int depth) {
        dfsDepth = depth;
    }

    public int callbackUnrollDepth() {
        return callbackUnrollDepth;
    }

    public void setCallbackUnrollDepth(int depth) {
        callbackUnrollDepth = depth;
    }

    public int mayGotoDepth() {
        return mayGotoDepth;
    }

    public void setMayGotoDepth(int depth) {
        mayGotoDepth = depth;
    }
}
