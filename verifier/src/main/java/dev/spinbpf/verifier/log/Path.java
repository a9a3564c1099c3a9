package dev.spinbpf.verifier.log;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The instructions that led to where the verifier stands, found by walking back through the states' jump histories. */
final class Path {
    private static final int MAX_INSNS = 100_000;

    private final VerifierEnv env;
    private final List<Integer> insns;

    private Path(VerifierEnv env, List<Integer> insns) {
        this.env = env;
        this.insns = insns;
    }

    /** The way to the current instruction; only its end if it is very long. */
    static Path to(VerifierEnv env) {
        List<Integer> reversed = new ArrayList<>();
        int at = env.insnIndex();
        for (VerifierState state = env.state(); state != null && at >= 0; state = state.parent()) {
            walk(env, state, at, reversed);
            at = state.lastInsn();
        }
        Collections.reverse(reversed);
        return new Path(env, reversed);
    }

    private static void walk(VerifierEnv env, VerifierState state, int last, List<Integer> reversed) {
        List<JmpHistoryEntry> history = state.jmpHistory();
        int left = history.size();
        int at = last;
        while (at >= 0 && reversed.size() < MAX_INSNS) {
            if (env.insn(at).op() != Op.LDDW_HI) {
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

    List<Integer> insns() {
        return insns;
    }

    /** The conditions on the way, one line each, in the source's terms where it is known. */
    List<String> decisions() {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i + 1 < insns.size(); i++) {
            String line = decision(insns.get(i), insns.get(i + 1));
            if (line != null && (lines.isEmpty() || !line.equals(lines.getLast()))) {
                lines.add(line);
            }
        }
        return lines;
    }

    private @Nullable String decision(int at, int next) {
        Insn insn = env.insn(at);
        Op.Kind kind = insn.op().kind();
        if (kind != Op.Kind.JCC && kind != Op.Kind.MAY_GOTO) {
            return null;
        }
        LineInfo line = env.program().lineAt(at);
        boolean taken = next != at + 1;
        if (line == null) {
            return "insn " + at + ": the jump is " + (taken ? "taken" : "not taken");
        }
        String text = line.text().strip();
        String condition = text.isEmpty() ? "" : " `" + text + "`";
        return Place.of(env, at) + condition + ": goes on at " + Place.of(env, next);
    }
}
