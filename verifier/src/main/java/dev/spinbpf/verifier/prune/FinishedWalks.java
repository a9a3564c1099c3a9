package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.state.VerifierState;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The places at which walks back set out since the path's last kept state, and what they wanted there.
 *
 * <p>What must hold: a walk that comes to such a place, and wants nothing that the other walk did not want, may end: it would
 * mark nothing new. That is so because each register and slot is followed by itself, whatever else is wanted, and because a
 * walk that cannot follow one has marked everything. In a loop each round's walk then ends where that of the round before
 * began, in place of going back through all rounds since a state was kept.
 *
 * <p>A place is an instruction and the number of entries of the path's history that are older. Of each such number, the last
 * place is remembered, and only if what is wanted lies in one frame.
 */
final class FinishedWalks {
    /** The histories of all but very long paths are shorter. */
    private static final int MOST = 64;

    private final int[] insns = new int[MOST];
    private final int[] frames = new int[MOST];
    private final int[] regs = new int[MOST];
    private final long[] slots = new long[MOST];
    private int used;
    private @Nullable VerifierState state;
    private @Nullable VerifierState parent;

    /** Forgets what is of another path, or older than the last kept state. */
    void keepOnly(VerifierState current) {
        if (state != current || parent != current.parent()) {
            state = current;
            parent = current.parent();
            used = 0;
        }
    }

    /**
     * Notes that a walk sets out.
     *
     * @param older number of entries of the history that are older than the instruction
     * @param insn slot of the instruction
     * @param marks the registers and slots that are wanted before it
     */
    void add(int older, int insn, BacktrackState marks) {
        int frame = marks.onlyFrame();
        if (older >= MOST || frame < 0) {
            return;
        }
        if (older >= used) {
            Arrays.fill(insns, used, older + 1, -1);
            used = older + 1;
        }
        boolean again = insns[older] == insn && frames[older] == frame;
        insns[older] = insn;
        frames[older] = frame;
        regs[older] = marks.regMask(frame) | (again ? regs[older] : 0);
        slots[older] = marks.slotMask(frame) | (again ? slots[older] : 0);
    }

    /** Returns whether a finished walk set out at the place and wanted all that is wanted now. */
    boolean cover(int older, int insn, BacktrackState marks) {
        return older < used
                && insns[older] == insn
                && marks.onlyFrame() == frames[older]
                && (marks.regMask(frames[older]) & ~regs[older]) == 0
                && (marks.slotMask(frames[older]) & ~slots[older]) == 0;
    }
}
