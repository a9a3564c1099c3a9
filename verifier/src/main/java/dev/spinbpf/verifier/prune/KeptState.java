package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.state.VerifierState;
import org.jspecify.annotations.Nullable;

/**
 * A state kept at a prune point, and the record of what it was good for.
 *
 * <p>A kept state is worth looking at as long as it ends paths: one that ended n of them may be looked at in vain n + 1
 * times as often as its patience says. Those at which a loop must find itself again get more patience while paths from
 * them are being explored, since loops would not converge without them.
 */
final class KeptState {
    private static final int PATIENCE = 3;
    private static final int PATIENCE_IN_LOOP = 64;

    private final VerifierState state;
    private final @Nullable LoopVisit loop;
    private final boolean checkpoint;
    private int fingerprint;
    private boolean hasFingerprint;
    private int hits;
    private int misses;
    private boolean dropped;

    /**
     * @param loop the visit of a loop that the state belongs to
     * @param checkpoint whether a loop must find itself again at this place
     */
    KeptState(VerifierState state, @Nullable LoopVisit loop, boolean checkpoint) {
        this.state = state;
        this.loop = loop;
        this.checkpoint = checkpoint;
    }

    VerifierState state() {
        return state;
    }

    /** {@link StateComparison#fingerprint} of the state. */
    int fingerprint() {
        if (!hasFingerprint) {
            fingerprint = StateComparison.fingerprint(state);
            hasFingerprint = true;
        }
        return fingerprint;
    }

    @Nullable
    LoopVisit loop() {
        return loop;
    }

    /** Returns whether marks may be missing, because the loop is not explored yet. */
    boolean areMarksIncomplete() {
        return loop != null && loop.hasPending();
    }

    /** A path ended here. */
    void hit() {
        hits++;
    }

    /** A look at the state was in vain. */
    void miss() {
        misses++;
    }

    boolean isWorthless() {
        int patience = checkpoint && state.branches() > 0 ? PATIENCE_IN_LOOP : PATIENCE;
        return misses > (hits + 1) * patience;
    }

    /** No path looks at the state any more. */
    void drop() {
        dropped = true;
    }

    /** Returns whether neither a look, nor a path, nor a mark can need the state any more. */
    boolean isUnneeded() {
        return dropped && state.branches() == 0 && !areMarksIncomplete();
    }
}
