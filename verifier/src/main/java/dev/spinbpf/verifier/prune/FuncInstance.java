package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.VerifierEnv;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a function does with the stack when it is called from one place at one depth: for each of its instructions and each
 * frame up to its own, the half slots that it may read, those that it surely overwrites, and those that are alive before
 * it.
 */
final class FuncInstance {
    /** Slot of the call; for depth 0 the function's first slot. */
    final int callsite;

    final int depth;
    final int subprog;
    final int start;
    final int length;
    /** Whether {@link #update} ran: what is recorded later has to be merged. */
    private boolean complete;

    private final @Nullable Masks[] frames;

    private static final class Masks {
        final SlotSet[] reads;
        final SlotSet[] writes;
        final SlotSet[] alive;

        Masks(int length) {
            reads = new SlotSet[length];
            writes = new SlotSet[length];
            alive = new SlotSet[length];
            Arrays.fill(reads, SlotSet.NONE);
            Arrays.fill(writes, SlotSet.NONE);
            Arrays.fill(alive, SlotSet.NONE);
        }
    }

    FuncInstance(int callsite, int depth, int subprog, int start, int length) {
        this.callsite = callsite;
        this.depth = depth;
        this.subprog = subprog;
        this.start = start;
        this.length = length;
        frames = new Masks[depth + 1];
    }

    /** An instance of the same call with nothing recorded. */
    FuncInstance fresh() {
        return new FuncInstance(callsite, depth, subprog, start, length);
    }

    boolean isComplete() {
        return complete;
    }

    private Masks masks(int frame) {
        Masks masks = frames[frame];
        if (masks == null) {
            masks = new Masks(length);
            frames[frame] = masks;
        }
        return masks;
    }

    void addRead(int frame, int insn, SlotSet slots) {
        SlotSet[] reads = masks(frame).reads;
        reads[insn - start] = reads[insn - start].or(slots);
    }

    void addWrite(int frame, int insn, SlotSet slots) {
        SlotSet[] writes = masks(frame).writes;
        writes[insn - start] = writes[insn - start].or(slots);
    }

    /** The half slots alive before the instruction; null if nothing is known to touch the frame. */
    @Nullable
    SlotSet aliveBefore(int frame, int insn) {
        Masks masks = frames[frame];
        return masks == null || insn < start || insn >= start + length ? null : masks.alive[insn - start];
    }

    boolean isAliveBefore(int frame, int insn, int halfSlot) {
        SlotSet alive = aliveBefore(frame, insn);
        return alive != null && alive.contains(halfSlot);
    }

    /** Adds what another analysis of the same call found: all that either reads, only what both overwrite. */
    void merge(FuncInstance other) {
        for (int i = 0; i <= depth; i++) {
            Masks mine = frames[i];
            Masks its = other.frames[i];
            if (mine == null && its == null) {
                continue;
            }
            Masks merged = masks(i);
            for (int j = 0; j < length; j++) {
                if (its != null) {
                    merged.reads[j] = merged.reads[j].or(its.reads[j]);
                }
                merged.writes[j] = mine == null || its == null ? SlotSet.NONE : mine.writes[j].and(its.writes[j]);
            }
        }
    }

    /** Computes what is alive: what successors need and the instruction does not overwrite, and what it reads. */
    void update(VerifierEnv env, Cfg cfg) {
        complete = true;
        boolean changed = true;
        while (changed) {
            changed = false;
            for (Masks masks : frames) {
                changed |= masks != null && updateFrame(env, cfg, masks);
            }
        }
    }

    private boolean updateFrame(VerifierEnv env, Cfg cfg, Masks masks) {
        boolean changed = false;
        for (int i = env.postorderStart[subprog]; i < env.postorderStart[subprog + 1]; i++) {
            int insn = env.postorder[i];
            int[] successors = cfg.successors(insn);
            if (successors.length == 0) {
                continue;
            }
            SlotSet after = SlotSet.NONE;
            for (int successor : successors) {
                if (successor >= start && successor < start + length) {
                    after = after.or(masks.alive[successor - start]);
                }
            }
            int at = insn - start;
            SlotSet before = after.minus(masks.writes[at]).or(masks.reads[at]);
            if (!before.equals(masks.alive[at])) {
                masks.alive[at] = before;
                changed = true;
            }
        }
        return changed;
    }
}
