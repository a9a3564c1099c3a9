package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.state.VerifierState;

/** Prints states and instructions to the log as Linux does. */
public interface StatePrinter {
    /** The state at log level 2, or what changed in it. */
    void printState(Exploration path, VerifierState state, int frameno, boolean all);

    /** The registers and slots that the last instruction changed, after the instruction on its line. */
    void printInsnState(Exploration path, VerifierState state, int frameno);

    /** The instruction's slot and what it is, on a line of its own. */
    void printInsn(Exploration path, Insn insn, int insnIndex);

    /**
     * All instructions with the registers that are alive before each, and {@code zext} where the upper half of a result
     * of 32 bits is read later.
     */
    void printLiveRegs(Exploration path);

    /** Returns the instruction's slot and what it is. */
    String insnText(Exploration path, int insnIndex);

    /** The source line of the slot, if it differs from the last one printed. */
    void printSourceLine(Exploration path, int insnIndex, String prefix);
}
