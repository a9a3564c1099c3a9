package dev.spinbpf.verifier;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.flow.ExplorationObserver;

/** Verifications whose exploration a test sees. */
public final class ObservedVerification {
    private ObservedVerification() {}

    /**
     * Verifies a program by Linux's rules.
     *
     * @param comparesAllScalars true if pruning compares all scalars, even those that do not matter to safety
     */
    public static Verdict verify(
            ProgramObject object,
            Program program,
            VerifierOptions options,
            ExplorationObserver observer,
            boolean comparesAllScalars) {
        return Verifier.verify(object, program, options, observer, comparesAllScalars);
    }
}
