package dev.spinbpf.programs.model;

/**
 * The source line of the instructions from a slot on.
 *
 * @param insn the first slot that it describes
 * @param file the source file's name as the compiler was given it
 * @param line line number, from 1
 * @param column column, from 1; 0 if not known
 * @param text the source line, without the line's end; empty if the object has none
 */
public record LineInfo(int insn, String file, int line, int column, String text) {

    /** Returns the file, without its directory, and the line: {@code file.c:18}. */
    public String place() {
        return file.substring(file.lastIndexOf('/') + 1) + ":" + line;
    }
}
