package dev.spinbpf.programs.asm;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A text program with mistakes: all that were found, in the order of the text. The message shows them one after the
 * other.
 */
public final class AssemblyException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient List<AssemblyDiagnostic> diagnostics;

    AssemblyException(List<AssemblyDiagnostic> diagnostics) {
        super(diagnostics.stream().map(AssemblyDiagnostic::toString).collect(Collectors.joining("\n")));
        this.diagnostics = List.copyOf(diagnostics);
    }

    /** The mistakes, at least one. */
    public List<AssemblyDiagnostic> diagnostics() {
        return diagnostics;
    }
}
