package dev.spinbpf.verifier.log;

import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.verifier.flow.Exploration;

/** Names of places in a program for people: {@code foo.c:12 (insn 3)}. */
final class Place {
    private Place() {}

    static String of(Exploration path, int insn) {
        LineInfo line = path.unit().program().lineAt(insn);
        return line == null ? "insn " + insn : line.place() + " (insn " + insn + ")";
    }

    /** The source line of the slot without its indentation; empty if it is not known. */
    static String text(Exploration path, int insn) {
        LineInfo line = path.unit().program().lineAt(insn);
        return line == null ? "" : line.text().strip();
    }
}
