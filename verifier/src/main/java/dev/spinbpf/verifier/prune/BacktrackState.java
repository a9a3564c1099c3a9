package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.ExplorationObserver;
import dev.spinbpf.verifier.state.LinkedRegs;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;

/** The registers and stack slots that are to be marked precise, frame by frame, while a path is walked back. */
final class BacktrackState implements ExplorationObserver.Marks {
    /** Bits of r1 to r5. */
    static final int ARGS = 0b11_1110;

    private final int[] regs = new int[VerifierState.MAX_CALL_FRAMES];
    private final long[] slots = new long[VerifierState.MAX_CALL_FRAMES];
    private int frame;

    void start(int newFrame) {
        frame = newFrame;
    }

    void clear() {
        Arrays.fill(regs, 0);
        Arrays.fill(slots, 0);
        frame = 0;
    }

    boolean isEmpty() {
        long all = 0;
        for (int i = 0; i <= frame; i++) {
            all |= regs[i] | slots[i];
        }
        return all == 0;
    }

    /** The one frame in which anything is wanted; -1 if there are none or several. */
    int onlyFrame() {
        int only = -1;
        for (int i = 0; i <= frame; i++) {
            if ((regs[i] | slots[i]) != 0) {
                if (only >= 0) {
                    return -1;
                }
                only = i;
            }
        }
        return only;
    }

    @Override
    public int frame() {
        return frame;
    }

    /** Enters a callee, seen backwards; false if there is no room. */
    boolean enter() {
        if (frame == VerifierState.MAX_CALL_FRAMES - 1) {
            return false;
        }
        frame++;
        return true;
    }

    /** Leaves a callee through its call, seen backwards; false in the outermost frame. */
    boolean leave() {
        if (frame == 0) {
            return false;
        }
        frame--;
        return true;
    }

    int regMask() {
        return regs[frame];
    }

    @Override
    public int regMask(int frameno) {
        return regs[frameno];
    }

    long slotMask() {
        return slots[frame];
    }

    @Override
    public long slotMask(int frameno) {
        return slots[frameno];
    }

    boolean hasReg(int reg) {
        return (regs[frame] >>> reg & 1) != 0;
    }

    /** Returns whether a register of the set, a bit each, is wanted in the current frame. */
    boolean hasAny(int regSet) {
        return (regs[frame] & regSet) != 0;
    }

    void setRegs(int regSet) {
        regs[frame] |= regSet;
    }

    void clearRegs(int regSet) {
        regs[frame] &= ~regSet;
    }

    void setReg(int reg) {
        setReg(frame, reg);
    }

    void setReg(int frameno, int reg) {
        regs[frameno] |= 1 << reg;
    }

    void clearReg(int reg) {
        clearReg(frame, reg);
    }

    void clearReg(int frameno, int reg) {
        regs[frameno] &= ~(1 << reg);
    }

    boolean hasSlot(int frameno, int spi) {
        return (slots[frameno] >>> spi & 1) != 0;
    }

    void setSlot(int frameno, int spi) {
        slots[frameno] |= 1L << spi;
    }

    void clearSlot(int frameno, int spi) {
        slots[frameno] &= ~(1L << spi);
    }

    /** If one of the scalars that were equal is wanted, all of them are. */
    void addLinked(long packed) {
        if (packed == 0) {
            return;
        }
        LinkedRegs linked = LinkedRegs.unpack(packed);
        for (int i = 0; i < linked.size(); i++) {
            if (isWanted(linked, i)) {
                addAll(linked);
                return;
            }
        }
    }

    private boolean isWanted(LinkedRegs linked, int entry) {
        long wanted = linked.isReg(entry) ? regs[linked.frame(entry)] : slots[linked.frame(entry)];
        return (wanted >>> linked.index(entry) & 1) != 0;
    }

    private void addAll(LinkedRegs linked) {
        for (int i = 0; i < linked.size(); i++) {
            if (linked.isReg(i)) {
                setReg(linked.frame(i), linked.index(i));
            } else {
                setSlot(linked.frame(i), linked.index(i));
            }
        }
    }
}
