package dev.spinbpf.verifier.refusal;

/**
 * A place in a program.
 *
 * @param function the function that holds it
 * @param file the source file as the compiler was given it; empty if it is not known
 * @param line line number from 1; 0 if it is not known
 * @param column column from 1; 0 if it is not known
 * @param insn slot of the instruction; -1 for the program as a whole
 * @param source the source line without its indentation; empty if it is not known
 */
public record Location(String function, String file, int line, int column, int insn, String source) {
    private static final int MAX_SOURCE = 72;
    private static final int BEFORE_COLUMN = 24;
    private static final String CUT = " ...";

    /** Returns true if the source line is known. */
    public boolean hasLine() {
        return line > 0;
    }

    /** Returns the place as {@code foo.c:12 (insn 3)}, without the directory. */
    public String text() {
        String name = file.substring(file.lastIndexOf('/') + 1);
        String at = insn < 0 ? "" : hasLine() ? " (insn " + insn + ")" : "insn " + insn;
        return hasLine() ? name + ":" + line + at : at.isEmpty() ? function : at;
    }

    /** Returns the place within its file: {@code line 12 (insn 3)}. */
    public String shortText() {
        return hasLine() ? "line " + line + " (insn " + insn + ")" : "insn " + insn;
    }

    /** Returns the place within its line: {@code line 12:41 (insn 3)}; without the column as {@code insn 3}. */
    public String columnText() {
        return hasLine() && column > 0 ? "line " + line + ":" + column + " (insn " + insn + ")" : "insn " + insn;
    }

    /** Returns the source line in quotes; of a long one the part around the column. Empty if it is not known. */
    public String quoted() {
        return source.isEmpty() ? "" : "`" + shortened() + "`";
    }

    private String shortened() {
        if (source.length() <= MAX_SOURCE) {
            return source;
        }
        int width = MAX_SOURCE - CUT.length();
        if (column <= width / 2) {
            return source.substring(0, width) + CUT;
        }
        int inner = width - CUT.length();
        int start = Math.min(column - BEFORE_COLUMN, source.length() - width);
        boolean reachesEnd = start == source.length() - width;
        return "... " + (reachesEnd ? source.substring(start) : source.substring(start, start + inner) + CUT);
    }
}
