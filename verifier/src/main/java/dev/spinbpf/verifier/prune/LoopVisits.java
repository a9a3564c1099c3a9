package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The {@linkplain LoopVisit visits of loops} in one pass over the program, by the calls that led into the loop. */
final class LoopVisits {
    private final Map<Way, LoopVisit> visits = new HashMap<>();

    /**
     * A way into a loop.
     *
     * @param callsites the calls, outermost first
     * @param component the strongly connected component of the graph
     */
    private record Way(List<Integer> callsites, int component) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Way way && component == way.component && callsites.equals(way.callsites);
        }

        @Override
        public int hashCode() {
            return callsites.hashCode() * 31 + component;
        }
    }

    /** Returns the visit that the state belongs to, by the outermost of its frames that is in a loop; null if none is. */
    @Nullable
    LoopVisit of(ProgramUnit unit, VerifierState state) {
        var callsites = new ArrayList<Integer>(state.curframe());
        for (int frame = 0; frame <= state.curframe(); frame++) {
            int insn = state.frameInsn(frame);
            int component = unit.aux(insn).scc;
            if (component != 0) {
                return visits.computeIfAbsent(new Way(callsites, component), way -> new LoopVisit());
            }
            callsites.add(insn);
        }
        return null;
    }

    void clear() {
        visits.clear();
    }
}
