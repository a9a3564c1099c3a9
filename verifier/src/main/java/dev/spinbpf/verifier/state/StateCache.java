package dev.spinbpf.verifier.state;

/** The states that were seen at prune points. */
public interface StateCache {
    /** Forgets everything: a new function is verified. */
    void reset(VerifierEnv env);

    /**
     * Compares the current state with those seen at this slot; may keep it.
     *
     * @return true if an equivalent state is known to be safe: the path ends here
     */
    boolean isStateVisited(VerifierEnv env, int insnIndex);

    /** Notes that a path from the state has ended. */
    void updateBranchCounts(VerifierEnv env, VerifierState state);
}
