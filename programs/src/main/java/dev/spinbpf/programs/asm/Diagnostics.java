package dev.spinbpf.programs.asm;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Collects the mistakes of one text, up to a number that a reader still looks at. */
final class Diagnostics {
    private static final int MAX_DIAGNOSTICS = 50;
    private static final int EXCERPT_CHARS = 160;

    private final String fileName;
    private final List<String> lines;
    private final List<AssemblyDiagnostic> found = new ArrayList<>();

    Diagnostics(String fileName, List<String> lines) {
        this.fileName = fileName;
        this.lines = lines;
    }

    /** Returns true if enough mistakes were found to stop looking for more. */
    boolean full() {
        return found.size() >= MAX_DIAGNOSTICS;
    }

    int count() {
        return found.size();
    }

    void error(Span at, String message) {
        if (!full()) {
            found.add(new AssemblyDiagnostic(fileName, at.line(), at.column(), message, excerpt(at)));
        }
    }

    void throwIfAny() throws AssemblyException {
        if (!found.isEmpty()) {
            found.sort(Comparator.comparingInt(AssemblyDiagnostic::line).thenComparingInt(AssemblyDiagnostic::column));
            throw new AssemblyException(found);
        }
    }

    private String excerpt(Span at) {
        String line = at.line() <= lines.size() ? lines.get(at.line() - 1) : "";
        int column = Math.min(at.column() - 1, line.length());
        int from = line.length() <= EXCERPT_CHARS ? 0 : Math.max(0, column - EXCERPT_CHARS / 2);
        int to = Math.min(line.length(), from + EXCERPT_CHARS);
        StringBuilder caret = new StringBuilder();
        line.substring(from, column).chars().forEach(c -> caret.append(c == '\t' ? '\t' : ' '));
        int underlined = Math.clamp(at.length(), 1, Math.max(1, to - column));
        caret.append('^').repeat('~', underlined - 1);
        return line.substring(from, to) + "\n" + caret;
    }
}
