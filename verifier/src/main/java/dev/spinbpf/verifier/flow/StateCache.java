package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.VerifierState;
import org.jspecify.annotations.Nullable;

/** The states that were seen at prune points. */
public interface StateCache {
    /** Forgets everything: a new function is verified. */
    void reset();

    /**
     * Compares the current state with those seen at this slot; may keep it.
     *
     * @return true if an equivalent state is known to be safe: the path ends here
     */
    boolean isCovered(Exploration path, int insnIndex);

    /**
     * The latest state kept at this slot, with the same calls, that the present path goes through: the beginning of a loop's
     * previous round. Null if there is none.
     */
    @Nullable
    VerifierState findPreviousEntry(Exploration path, VerifierState state, int insnIndex);

    /** A copy of the state without what no instruction will read any more. */
    VerifierState withoutDead(Exploration path, VerifierState state);

    /** Notes that a path from the state has ended. */
    void pathEnded(Exploration path, VerifierState state);
}
