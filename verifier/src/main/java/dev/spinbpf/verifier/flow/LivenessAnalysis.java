package dev.spinbpf.verifier.flow;

/** Computes before the main pass which registers and stack slots are alive where. */
public interface LivenessAnalysis {
    /** Fills {@link InsnAux#liveRegsBefore} and whatever the state cache needs to know of the stack. */
    void compute(Exploration path);
}
