package dev.spinbpf.verifier.log;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.VerifierState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The instructions that led to where the verifier stands, found by walking back through the states' jump histories. */
final class Path {
    private static final int MAX_INSNS = 100_000;
    private static final int MAX_TEXT = 72;

    private final Exploration path;
    private final List<Integer> insns;

    private Path(Exploration path, List<Integer> insns) {
        this.path = path;
        this.insns = insns;
    }

    /** The way to the current instruction; only its end if it is very long. */
    static Path to(Exploration path) {
        List<Integer> reversed = new ArrayList<>();
        int at = path.insnIndex();
        VerifierState state = path.state();
        while (state != null && at >= 0) {
            walk(path, state, at, reversed);
            state = state.parent();
            at = state == null ? -1 : state.lastInsn();
        }
        Collections.reverse(reversed);
        return new Path(path, reversed);
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

    List<Integer> insns() {
        return insns;
    }

    /**
     * The conditions on the way, one line each, in the source's terms where it is known. Of a condition that was come to more
     * often than once, the last time.
     */
    List<String> decisions() {
        Map<Integer, Integer> times = new LinkedHashMap<>();
        Map<Integer, Integer> nexts = new HashMap<>();
        for (int i = 0; i + 1 < insns.size(); i++) {
            int at = insns.get(i);
            if (isDecision(path.unit().insn(at).op().kind())) {
                Integer before = times.remove(at);
                times.put(at, before == null ? 1 : before + 1);
                nexts.put(at, insns.get(i + 1));
            }
        }
        List<String> lines = new ArrayList<>();
        times.forEach((at, count) -> {
            int next = nexts.getOrDefault(at, at + 1);
            lines.add(decision(at, next) + (count > 1 ? ", the last of " + count + " times" : ""));
        });
        return lines;
    }

    private static boolean isDecision(Op.Kind kind) {
        return kind == Op.Kind.JCC || kind == Op.Kind.MAY_GOTO;
    }

    private String decision(int at, int next) {
        LineInfo line = path.unit().program().lineAt(at);
        if (line == null) {
            return "insn " + at + ": the jump is " + (next == at + 1 ? "not taken" : "taken");
        }
        LineInfo nextLine = path.unit().program().lineAt(next);
        boolean sameLine = nextLine != null && nextLine.line() == line.line();
        String text = shortened(line.text().strip());
        String condition = text.isEmpty() ? "" : " `" + text + "`";
        String target = sameLine ? "in the same line (insn " + next + ")" : "at " + Place.of(path, next);
        return Place.of(path, at) + condition + ": goes on " + target;
    }

    private static String shortened(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT - 4) + " ...";
    }
}
