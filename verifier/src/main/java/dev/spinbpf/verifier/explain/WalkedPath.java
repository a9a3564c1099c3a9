package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The instructions that led to where the verifier stands, found by walking back through the states' jump histories. */
final class WalkedPath {
    /** Most instructions of a path that are remembered. */
    static final int MAX_INSNS = 100_000;

    private WalkedPath() {}

    /** The way to the current instruction; only its end if it is very long. */
    static List<Integer> to(Exploration path) {
        List<Integer> reversed = new ArrayList<>();
        int at = path.insnIndex();
        VerifierState state = path.state();
        while (state != null && at >= 0) {
            walk(path, state, at, reversed);
            state = state.parent();
            at = state == null ? -1 : state.lastInsn();
        }
        Collections.reverse(reversed);
        return reversed;
    }

    private static void walk(Exploration path, VerifierState state, int last, List<Integer> reversed) {
        List<JmpHistoryEntry> history = state.jmpHistory();
        int left = history.size();
        int at = last;
        while (at >= 0 && reversed.size() < MAX_INSNS) {
            if (path.unit().insn(at).op() != Op.LDDW_HI) {
                reversed.add(at);
            }
            boolean noted = left > 0 && history.get(left - 1).insn() == at;
            if (at == state.firstInsn() && (left == 0 || (left == 1 && noted))) {
                return;
            }
            if (noted) {
                left--;
                at = history.get(left).prevInsn();
            } else {
                at--;
            }
        }
    }
}
