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
        if (isJumpUnnoted(path)) {
            reversed.add(at);
            at = path.prevInsnIndex();
        }
        while (state != null && at >= 0) {
            walk(path, state, at, reversed);
            state = state.parent();
            at = state == null ? -1 : state.lastInsn();
        }
        Collections.reverse(reversed);
        return reversed;
    }

    /** True if the path jumped back to the current instruction and was given up before that was noted, as endless loops are. */
    private static boolean isJumpUnnoted(Exploration path) {
        List<JmpHistoryEntry> history = path.state().jmpHistory();
        int at = path.insnIndex();
        int before = path.prevInsnIndex();
        boolean isNoted = !history.isEmpty()
                && history.getLast().insn() == at
                && history.getLast().prevInsn() == before;
        return before >= at && at >= 0 && !isNoted;
    }

    /** True if the state began with this entry; else a loop within the state came round to the state's first instruction. */
    private static boolean isEntry(VerifierState state, JmpHistoryEntry entry) {
        VerifierState before = state.parent();
        return before == null || entry.prevInsn() == before.lastInsn();
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
            if (at == state.firstInsn() && (left == 0 || (left == 1 && noted && isEntry(state, history.getFirst())))) {
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
