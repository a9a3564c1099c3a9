package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.state.FuncState;

/** Lets a call of a helper or kernel function make the verifier go through a callback. */
public interface CallbackPusher {
    /**
     * Schedules the callback's path from the current state.
     *
     * @param subprog the callback
     * @param setup fills the callee's registers from the caller's
     */
    void pushCallback(Exploration path, Insn insn, int insnIndex, int subprog, CalleeSetup setup);

    /** Makes the current frame return with what r0 holds, as an exit would; the state goes on behind the call. */
    void returnFromFrame(Exploration path);

    /** Fills the registers of a callee's new frame, its return range and its callback marks. */
    @FunctionalInterface
    interface CalleeSetup {
        void set(Exploration path, FuncState caller, FuncState callee, int insnIndex);
    }
}
