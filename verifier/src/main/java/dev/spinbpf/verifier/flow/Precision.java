package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.JmpHistoryEntry;
import dev.spinbpf.verifier.state.VerifierState;

/** Finds which scalars matter to safety, by walking back along the path. */
public interface Precision {
    /** Marks the scalar in the register of the current frame precise, and all that it was computed from. */
    void markChain(Exploration path, int regno);

    /** Notes a step of the current path: {@link JmpHistoryEntry}. */
    void pushJmpHistory(Exploration path, VerifierState state, int flags, int spi, int frame, long linkedRegs);

    /** Marks all scalars of the state and its ancestors precise. */
    void markAllScalars(Exploration path, VerifierState state);

    /** Marks the scalar that is spilled in a stack slot precise, and all that it was computed from. */
    default void markStackSlot(Exploration path, int frameno, int spi) {
        markAllScalars(path, path.state());
    }
}
