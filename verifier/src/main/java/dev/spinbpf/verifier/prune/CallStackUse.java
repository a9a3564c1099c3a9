package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.ProgramUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The use of the stack by one function as called from one place at one depth: for each of its instructions and each
 * frame up to its own, the half slots that it may read, those that it surely overwrites, and those that are alive
 * before it.
 *
 * <p>A half slot is alive before an instruction that may read it, and before one that does not surely overwrite it if
 * it is alive before an instruction that may come next. {@link #update} finds the smallest sets for which this holds. A
 * call may be analysed several times, with other arguments each time: {@link #merge} then counts what any of the
 * analyses reads and what all of them overwrite.
 */
final class CallStackUse {
    /** Slot of the call; for depth 0 the function's first slot. */
    final int callsite;

    final int depth;
    final int subprog;
    final int start;
    final int length;
    private final @Nullable FrameUse[] frames;
    private boolean complete;

    /** The use of one frame, by instruction. */
    private static final class FrameUse {
        final SlotSet[] reads;
        final SlotSet[] writes;
        final SlotSet[] alive;

        FrameUse(int length) {
            reads = none(length);
            writes = none(length);
            alive = none(length);
        }

        private static SlotSet[] none(int length) {
            SlotSet[] sets = new SlotSet[length];
            Arrays.fill(sets, SlotSet.NONE);
            return sets;
        }
    }

    CallStackUse(int callsite, int depth, int subprog, int start, int length) {
        this.callsite = callsite;
        this.depth = depth;
        this.subprog = subprog;
        this.start = start;
        this.length = length;
        frames = new FrameUse[depth + 1];
    }

    /** Returns the use of the same call with nothing recorded. */
    CallStackUse fresh() {
        return new CallStackUse(callsite, depth, subprog, start, length);
    }

    /** Returns whether {@link #update} ran: what is found later has to be merged. */
    boolean isComplete() {
        return complete;
    }

    private FrameUse use(int frame) {
        FrameUse use = frames[frame];
        if (use == null) {
            use = new FrameUse(length);
            frames[frame] = use;
        }
        return use;
    }

    void addRead(int frame, int insn, SlotSet slots) {
        SlotSet[] reads = use(frame).reads;
        reads[insn - start] = reads[insn - start].or(slots);
    }

    void addWrite(int frame, int insn, SlotSet slots) {
        SlotSet[] writes = use(frame).writes;
        writes[insn - start] = writes[insn - start].or(slots);
    }

    /** Returns the half slots of the frame that are alive before the instruction, as far as this call uses them. */
    SlotSet aliveBefore(int frame, int insn) {
        FrameUse use = frames[frame];
        return use == null || !contains(insn) ? SlotSet.NONE : use.alive[insn - start];
    }

    private boolean contains(int insn) {
        return insn >= start && insn < start + length;
    }

    /** Adds what another analysis of the same call found. */
    void merge(CallStackUse other) {
        for (int frame = 0; frame <= depth; frame++) {
            if (frames[frame] != null || other.frames[frame] != null) {
                FrameUse mine = use(frame);
                FrameUse its = other.use(frame);
                for (int i = 0; i < length; i++) {
                    mine.reads[i] = mine.reads[i].or(its.reads[i]);
                    mine.writes[i] = mine.writes[i].and(its.writes[i]);
                }
            }
        }
    }

    /** Computes what is alive, given all that is recorded. */
    void update(ProgramUnit unit) {
        update(
                Arrays.copyOfRange(unit.postorder, unit.postorderStart[subprog], unit.postorderStart[subprog + 1]),
                unit.cfg());
    }

    /** @param order the function's instructions, successors first where there is no loop */
    void update(int[] order, Cfg cfg) {
        complete = true;
        for (FrameUse use : frames) {
            while (use != null && spread(order, cfg, use)) {
                // Once more: loops carry it round.
            }
        }
    }

    private boolean spread(int[] order, Cfg cfg, FrameUse use) {
        boolean changed = false;
        for (int insn : order) {
            SlotSet after = SlotSet.NONE;
            for (int next : cfg.successors(insn)) {
                after = contains(next) ? after.or(use.alive[next - start]) : after;
            }
            int i = insn - start;
            SlotSet before = after.minus(use.writes[i]).or(use.reads[i]);
            if (!before.equals(use.alive[i])) {
                use.alive[i] = before;
                changed = true;
            }
        }
        return changed;
    }
}
