package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Visits of strongly connected components of the control flow graph.
 *
 * <p>Within a loop a state may turn out equal to one whose paths are not all explored, so that it is not known yet
 * which of its scalars are precise. Such a state is remembered as a <em>back edge</em> of the visit of its component.
 * When the state with which the component was entered has no path left, marks are carried over the back edges until
 * none is added. A visit belongs to the calls that led into the component.
 */
final class SccVisits {
    private static final int MAX_ROUNDS = 64;

    private final Map<List<Integer>, Visit> visits = new HashMap<>();
    private int backEdgeCount;

    private static final class Visit {
        final List<VerifierState> backEdges = new ArrayList<>(1);

        @Nullable
        VerifierState entry;
    }

    void clear() {
        visits.clear();
    }

    /** Back edges remembered in all visits. */
    int backEdgeCount() {
        return backEdgeCount;
    }

    /**
     * The calls that lead into the outermost frame that stands in a component, and the component; null if there is
     * none.
     */
    private static @Nullable List<Integer> callchain(Exploration path, VerifierState state) {
        List<Integer> chain = new ArrayList<>(2);
        for (int i = 0; i <= state.curframe(); i++) {
            int insn = state.frameInsn(i);
            int scc = path.unit().aux(insn).scc;
            if (scc != 0) {
                chain.add(-scc);
                return chain;
            }
            chain.add(insn);
        }
        return null;
    }

    private @Nullable Visit find(Exploration path, VerifierState state) {
        List<Integer> chain = callchain(path, state);
        return chain == null ? null : visits.get(chain);
    }

    /** If the state stands in a component that is not being visited, it is the visit's entry. */
    void enter(Exploration path, VerifierState state) {
        List<Integer> chain = callchain(path, state);
        if (chain == null) {
            return;
        }
        Visit visit = visits.computeIfAbsent(chain, key -> new Visit());
        if (visit.entry == null) {
            visit.entry = state;
        }
    }

    /**
     * The state has no path left. If it was the entry of a visit, that visit is over.
     *
     * @return whether it was
     */
    boolean exit(Exploration path, VerifierState state, BacktrackingPrecision precision) {
        Visit visit = find(path, state);
        VerifierState entry = visit == null ? null : visit.entry;
        if (visit == null || entry == null || !isSame(entry, state)) {
            return false;
        }
        visit.entry = null;
        backEdgeCount -= visit.backEdges.size();
        propagate(path, visit, precision);
        return true;
    }

    @SuppressWarnings("ReferenceEquality") // it is this very state, not one like it
    private static boolean isSame(VerifierState a, VerifierState b) {
        return a == b;
    }

    private static void propagate(Exploration path, Visit visit, BacktrackingPrecision precision) {
        boolean changed = true;
        for (int round = 0; changed; round++) {
            if (round > MAX_ROUNDS) {
                visit.backEdges.forEach(state -> precision.markAllScalars(path, state));
                break;
            }
            changed = false;
            for (VerifierState state : visit.backEdges.reversed()) {
                VerifierState equal = state.equalState();
                changed |= equal != null && precision.propagate(path, equal, state);
            }
        }
        visit.backEdges.clear();
    }

    /** Remembers a state at the end of a loop; its {@link VerifierState#equalState} is the kept state {@code equal}. */
    void addBackEdge(Exploration path, VerifierState equal, VerifierState state) {
        Visit visit = find(path, equal);
        if (visit == null) {
            throw new IllegalStateException("instruction " + equal.insn() + " is in a loop, but in no component");
        }
        visit.backEdges.add(state);
        backEdgeCount++;
    }

    /** Returns whether marks of a kept state may be missing, because a loop that it stands in is not explored yet. */
    boolean areMarksIncomplete(Exploration path, VerifierState state) {
        Visit visit = find(path, state);
        return visit != null && !visit.backEdges.isEmpty();
    }
}
