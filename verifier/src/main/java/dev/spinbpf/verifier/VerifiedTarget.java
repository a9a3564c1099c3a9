package dev.spinbpf.verifier;

import dev.spinbpf.verifier.flow.TargetProgram;

/** A program that was accepted, as others attach to it. Only the verifier makes one. */
public final class VerifiedTarget {
    private final TargetProgram program;

    VerifiedTarget(TargetProgram program) {
        this.program = program;
    }

    TargetProgram program() {
        return program;
    }
}
