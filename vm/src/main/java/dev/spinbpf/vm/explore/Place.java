package dev.spinbpf.vm.explore;

import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import org.jspecify.annotations.Nullable;

/**
 * A place in a program.
 *
 * @param program its name
 * @param place the source line as {@code file.c:18}, or the instruction's number where the object has no lines
 * @param text the source line's text, empty where the object has none
 */
public record Place(String program, String place, String text) {
    static final Place NONE = new Place("", "", "");

    static Place of(@Nullable Execution run) {
        return run == null ? NONE : of(run.code(), run.slot());
    }

    static Place of(@Nullable Code code, int slot) {
        if (code == null) {
            return NONE;
        }
        LineInfo line = code.program().lineAt(slot);
        return line == null
                ? new Place(code.program().name(), "instruction " + slot, "")
                : new Place(code.program().name(), line.place(), line.text().strip());
    }

    /** Returns program and line. */
    String shown() {
        return program + " at " + place;
    }
}
