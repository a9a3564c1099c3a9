package dev.spinbpf.programs.isa;

/** Bytes that are no program: says which slot, which field, its value, and what was expected there. */
public final class InvalidInsnException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient InsnProblem problem;

    InvalidInsnException(InsnProblem problem) {
        super(problem.message());
        this.problem = problem;
    }

    /** Returns the problem in parts. */
    public InsnProblem problem() {
        return problem;
    }
}
