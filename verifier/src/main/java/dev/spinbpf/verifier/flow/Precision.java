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

    /**
     * Marks the scalars that are spilled in stack slots precise, and all that they were computed from.
     *
     * @param slots a bit for each slot
     */
    default void markStackSlots(Exploration path, int frameno, long slots) {
        markAllScalars(path, path.state());
    }
}
