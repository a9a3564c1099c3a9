package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Precision;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.StackSlot;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Marks precise what a scalar was computed from, by walking the path back from where its value mattered.
 *
 * <p>Scalars start imprecise: two states that differ in one are equal. Where a value matters (an offset, a size, a
 * branch that is decided by it), the walk goes back over the instructions, {@link BacktrackSteps}, and marks in each
 * kept state on the way the registers and slots that the value came from. Marks in the current state do not matter,
 * since only kept states are compared with. Where the walk cannot follow, all scalars of all kept states on the path
 * become precise.
 *
 * <p>Serves one verification.
 */
public final class BacktrackingPrecision implements Precision {
    private static final int NO_INSN = -1;

    private final BacktrackState marks = new BacktrackState();
    private final BacktrackSteps steps = new BacktrackSteps(marks);
    private final FinishedWalks finished = new FinishedWalks();
    private boolean changed;

    @Override
    public void pushJmpHistory(Exploration path, VerifierState state, int flags, int spi, int frame, long linkedRegs) {
        List<JmpHistoryEntry> history = state.jmpHistory();
        int index = path.currentHistoryEntry;
        if (index >= 0) {
            JmpHistoryEntry entry = history.get(index);
            history.set(
                    index,
                    new JmpHistoryEntry(entry.insn(), entry.prevInsn(), entry.flags() | flags, spi, frame, linkedRegs));
            return;
        }
        path.currentHistoryEntry = history.size();
        history.add(new JmpHistoryEntry(path.insnIndex(), path.prevInsnIndex(), flags, spi, frame, linkedRegs));
    }

    @Override
    public void markChain(Exploration path, int regno) {
        marks.start(path.state().curframe());
        marks.setReg(regno);
        walkBack(path, path.state());
    }

    @Override
    public void markStackSlots(Exploration path, int frameno, long slots) {
        marks.start(path.state().curframe());
        for (long rest = slots; rest != 0; rest &= rest - 1) {
            marks.setSlot(frameno, Long.numberOfTrailingZeros(rest));
        }
        walkBack(path, path.state());
    }

    /**
     * Marks what was precise in a state that the current one equals.
     *
     * @return whether a mark was added
     */
    boolean propagate(Exploration path, VerifierState from, VerifierState to) {
        changed = false;
        for (int i = from.curframe(); i >= 0; i--) {
            FuncState frame = from.frame(i);
            for (int reg = 0; reg < Insn.FRAME_POINTER; reg++) {
                if (isPrecise(frame.reg(reg))) {
                    marks.setReg(i, reg);
                }
            }
            for (int spi = 0; spi < frame.slots(); spi++) {
                if (frame.slot(spi).isSpilled() && isPrecise(frame.slot(spi).spilled())) {
                    marks.setSlot(i, spi);
                }
            }
            PrecisionLog.propagate(path, i, marks.regMask(i), marks.slotMask(i));
        }
        walkBack(path, to);
        return changed;
    }

    private static boolean isPrecise(RegState reg) {
        return reg.isScalar() && reg.precise();
    }

    @Override
    public void markAllScalars(Exploration path, VerifierState state) {
        if (path.observer != null) {
            path.observer.allMarked(state);
        }
        PrecisionLog.giveUp(path, state);
        for (VerifierState st = state.parent(); st != null; st = st.parent()) {
            st.mapRegs(reg -> reg.isScalar() ? reg.withPrecise(true) : reg);
        }
    }

    /** Marks nothing in the state: what was marked on the way to it does not matter for what comes after. */
    static void forget(VerifierState state) {
        state.mapRegs(reg -> reg.isScalar() ? reg.withPrecise(false) : reg);
    }

    private void walkBack(Exploration path, VerifierState start) {
        marks.start(start.curframe());
        if (path.observer != null) {
            path.observer.walkStarted(start);
        }
        if (!marks.isEmpty() && !walk(path, start)) {
            markAllScalars(path, start);
        }
        marks.clear();
    }

    /**
     * The instructions that led from a kept state to the next one, seen backwards. Each follows the one in the slot
     * before it, unless the history says where it was jumped to from.
     */
    private static final class Steps {
        private final List<JmpHistoryEntry> history;
        private final int first;
        private int at;
        private int older;
        private @Nullable JmpHistoryEntry entry;

        /** @param last slot of the last of them; negative if there are none */
        Steps(VerifierState state, int last) {
            history = state.jmpHistory();
            first = state.firstInsn();
            older = history.size();
            moveTo(last);
        }

        private void moveTo(int insn) {
            at = insn;
            JmpHistoryEntry last = older > 0 ? history.get(older - 1) : null;
            entry = last != null && last.insn() == insn ? last : null;
            older -= entry == null ? 0 : 1;
        }

        /** Slot of the present instruction; negative if there is none. */
        int at() {
            return at;
        }

        /** The history's entry of the present instruction, or null. */
        @Nullable
        JmpHistoryEntry entry() {
            return entry;
        }

        /** Number of entries of the history that are older than the present instruction. */
        int older() {
            return older;
        }

        /** Goes to the instruction before; false at the first one, or if there is none where there must be. */
        boolean back() {
            if (at == first && older == 0) {
                return false;
            }
            JmpHistoryEntry jump = entry;
            moveTo(jump == null ? at - 1 : jump.prevInsn());
            return at >= 0;
        }
    }

    /** Walks back, from kept state to kept state, until nothing is left to mark; false if the walk cannot follow. */
    private boolean walk(Exploration path, VerifierState start) {
        VerifierState state = start;
        Steps taken = new Steps(start, start.insn());
        int following = NO_INSN;
        // An observer sees each walk to its end, and so does a log that tells of them.
        boolean mayEndEarly = path.observer == null && !path.log().isDetailed();
        if (mayEndEarly && setsOutInVain(start, taken)) {
            return true;
        }
        // The first instruction is what asked for the marks.
        boolean skip = true;
        PrecisionLog.begin(path, marks, taken.at(), state.firstInsn(), following);
        while (taken.at() >= 0) {
            do {
                if (!skip) {
                    PrecisionLog.step(path, marks, taken.at());
                }
                if (!skip && !steps.step(path, taken.at(), following, taken.entry())) {
                    return false;
                }
                skip = false;
                if (path.observer != null) {
                    path.observer.walked(path, taken.at(), marks);
                }
                if (marks.isEmpty() || mayEndEarly && state == start && isCovered(taken, following)) {
                    return true;
                }
                following = taken.at();
            } while (taken.back());
            VerifierState parent = state.parent();
            if (taken.at() < 0 || parent == null) {
                return false;
            }
            markState(path, parent);
            if (marks.isEmpty()) {
                return true;
            }
            following = state.firstInsn();
            state = parent;
            taken = new Steps(parent, parent.lastInsn());
            PrecisionLog.begin(path, marks, taken.at(), parent.firstInsn(), following);
        }
        return markArguments(state);
    }

    /** Notes that a walk sets out; returns whether another one did from the same place and marked all that it would. */
    private boolean setsOutInVain(VerifierState start, Steps taken) {
        finished.keepOnly(start);
        if (taken.at() < 0) {
            return false;
        }
        boolean covered = finished.cover(taken.older(), taken.at(), marks);
        if (!covered) {
            finished.add(taken.older(), taken.at(), marks);
        }
        return covered;
    }

    /** Returns whether the walk, once under way, has come to where another one set out that marked all that it would. */
    private boolean isCovered(Steps taken, int following) {
        return following != NO_INSN && finished.cover(taken.older(), taken.at(), marks);
    }

    /** The walk has come to the start of a global function: its arguments are precise. */
    private boolean markArguments(VerifierState state) {
        FuncState frame = state.frame(0);
        boolean arguments = state.curframe() == 0
                && frame.subprog() > 0
                && frame.callsite() == -1
                && marks.slotMask() == 0
                && (marks.regMask() & ~BacktrackState.ARGS) == 0;
        if (!arguments) {
            return false;
        }
        for (int reg = 1; reg <= 5; reg++) {
            if (marks.hasReg(reg) && frame.reg(reg).isScalar()) {
                frame.setReg(reg, frame.reg(reg).withPrecise(true));
                changed = true;
            }
        }
        return true;
    }

    private void markState(Exploration path, VerifierState state) {
        for (int i = marks.frame(); i >= 0; i--) {
            FuncState frame = state.frame(i);
            for (int mask = marks.regMask(i); mask != 0; mask &= mask - 1) {
                markReg(frame, i, Integer.numberOfTrailingZeros(mask));
            }
            for (long mask = marks.slotMask(i); mask != 0; mask &= mask - 1) {
                markSlot(frame, i, Long.numberOfTrailingZeros(mask));
            }
            PrecisionLog.state(path, marks, state, i);
        }
    }

    private void markReg(FuncState frame, int frameno, int number) {
        RegState reg = frame.reg(number);
        if (!reg.isScalar() || reg.precise()) {
            marks.clearReg(frameno, number);
            return;
        }
        frame.setReg(number, reg.withPrecise(true));
        changed = true;
    }

    private void markSlot(FuncState frame, int frameno, int spi) {
        StackSlot slot = spi < frame.slots() ? frame.slot(spi) : StackSlot.EMPTY;
        if (!slot.isSpilledScalar() || slot.spilled().precise()) {
            marks.clearSlot(frameno, spi);
            return;
        }
        frame.setSlot(spi, slot.withSpilled(slot.spilled().withPrecise(true)));
        changed = true;
    }
}
