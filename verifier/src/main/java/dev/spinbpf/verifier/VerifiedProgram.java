package dev.spinbpf.verifier;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;

/** A program that the verifier accepted. Only the verifier makes one; only such a program is loaded. */
public final class VerifiedProgram {
    private final ProgramObject object;
    private final Program program;

    VerifiedProgram(ProgramObject object, Program program) {
        this.object = object;
        this.program = program;
    }

    /** The object that the program's map and kfunc indices refer to. */
    public ProgramObject object() {
        return object;
    }

    public Program program() {
        return program;
    }
}
