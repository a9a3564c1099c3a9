package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.VerifierState;

/** Finds which scalars matter to safety, by walking back along the path. */
public interface Precision {
    /** Marks the scalar in the register of the current frame precise, and all that it was computed from. */
    void markChain(VerifierEnv env, int regno);

    /** Notes a step of the current path: {@link JmpHistoryEntry}. */
    void pushJmpHistory(VerifierEnv env, VerifierState state, int flags, int spi, int frame, long linkedRegs);

    /** Marks all scalars of the state and its ancestors precise. */
    void markAllScalars(VerifierEnv env, VerifierState state);

    /** Marks the scalar that is spilled in a stack slot precise, and all that it was computed from. */
    default void markStackSlot(VerifierEnv env, int frameno, int spi) {
        markAllScalars(env, env.state());
    }
}
