package dev.spinbpf.programs.asm;

/**
 * One mistake in a text program.
 *
 * @param file the file's name as the user gave it
 * @param line line number, from 1
 * @param column column, from 1
 * @param message what is wrong, and what was expected
 * @param excerpt the source line (of a very long one the part around the mistake), and under it a line with a caret
 */
public record AssemblyDiagnostic(String file, int line, int column, String message, String excerpt) {
    /** {@code file:line:column: error: message}, the source line, and a caret under the mistake. */
    @Override
    public String toString() {
        return file + ":" + line + ":" + column + ": error: " + message + "\n" + excerpt;
    }
}
