package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.VerifierState;

/**
 * Sees the states of an exploration: for tests that compare them with what runs do. It changes nothing but {@link
 * VerifierState#setTrace}.
 */
public interface ExplorationObserver {
    /** The path of the state has come to {@link VerifierState#insn}; it may end there, as an older state covers it. */
    void reached(VerifierState state);

    /** The path did not end there: the instruction is checked next, for this state. */
    void processed(Exploration path, VerifierState state);

    /** A walk back along the path of the state begins, at the instruction where the state stands. */
    void walkStarted(VerifierState from);

    /** The walk has come to an instruction, second slots included: what is marked is precise before it. */
    void walked(Exploration path, int insn, Marks marks);

    /** The walk cannot follow: all scalars on the path of the state are precise. */
    void allMarked(VerifierState from);

    /** Registers and stack slots, as bit masks frame by frame. */
    interface Marks {
        /** The innermost frame that may have marks. */
        int frame();

        int regMask(int frameno);

        long slotMask(int frameno);
    }
}
