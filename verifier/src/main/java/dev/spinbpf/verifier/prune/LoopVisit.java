package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A visit of a loop, that is, of a strongly connected component of the control flow graph, by way of certain calls.
 *
 * <p>Within a loop a path may stop at a state that equals a kept one of which not all paths are explored. It is not known
 * yet which scalars of the kept state have to be precise, so the state at which the path stopped stays <em>pending</em>
 * here. The visit is open from the first state kept in the loop, its entry, until no path from the entry is left. Then
 * all that the kept states need is known but for what pending states add to each other: marks are carried from each kept
 * state to the pending one that equals it, and from there up its path, until none is new.
 *
 * <p>A loop may be visited again by the same calls, after the visit was closed; that is the same visit opened once more.
 */
final class LoopVisit {
    private static final int MAX_ROUNDS = 64;

    private final List<VerifierState> pending = new ArrayList<>(1);
    private @Nullable VerifierState entry;

    /** Opens the visit, unless it is open. */
    void open(VerifierState state) {
        if (entry == null) {
            entry = state;
        }
    }

    @SuppressWarnings("ReferenceEquality") // it is this very state, not one like it
    boolean isOpenedBy(VerifierState state) {
        return entry == state;
    }

    /** Adds a state at which a path stopped; its {@link VerifierState#equalState} is a kept state of this visit. */
    void add(VerifierState stopped) {
        pending.add(stopped);
    }

    /** Returns whether marks of the visit's kept states may be missing. */
    boolean hasPending() {
        return !pending.isEmpty();
    }

    /**
     * Closes the visit.
     *
     * @return the states that were pending, the last one first
     */
    List<VerifierState> close() {
        List<VerifierState> stopped = List.copyOf(pending.reversed());
        pending.clear();
        entry = null;
        return stopped;
    }

    /** Carries marks over states that were pending, until none is new or, after many rounds, all scalars are marked. */
    static void settle(Exploration path, List<VerifierState> stopped, BacktrackingPrecision precision) {
        for (int round = 0; round <= MAX_ROUNDS; round++) {
            boolean changed = false;
            for (VerifierState state : stopped) {
                VerifierState equal = state.equalState();
                changed |= equal != null && precision.propagate(path, equal, state);
            }
            if (!changed) {
                return;
            }
        }
        stopped.reversed().forEach(state -> precision.markAllScalars(path, state));
    }
}
