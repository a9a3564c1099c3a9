package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/** Facts about one instruction besides its fields: Linux's {@code struct bpf_insn_aux_data}. Mutable. */
public final class InsnAux {
    /** A place where states are compared. */
    public boolean prunePoint;
    /** A place where a state is kept whatever the heuristics say. */
    public boolean forceCheckpoint;
    /** A place that the path history has to mention. */
    public boolean jmpPoint;
    /** A call whose callee calls back. */
    public boolean callsCallback;
    /** A call of an iterator's next function. */
    public boolean isIterNext;
    /** Some jump or call leads here. */
    public boolean jumpTarget;
    /** The strongly connected component of the control flow graph, 0 if it has one member. */
    public int scc;
    /** Registers alive before the instruction, a bit each. */
    public int liveRegsBefore;
    /** True where a processor that keeps upper halves would have to zero the one of the result; known if the log shows it. */
    public boolean needsUpperHalfZeroed;
    /** Registers known to hold a 32-bit constant, a bit each. */
    public int constRegs;
    /** Registers known to hold a map. */
    public int constMapRegs;
    /** Registers known to hold a subprogram. */
    public int constSubprogRegs;
    /** The immediate operand as a number, once it was needed. */
    @Nullable
    RegState immediate;
    /** The constants, map indices or subprogram numbers of r0 to r9; null if there are none. */
    public int @Nullable [] constRegValues;
}
