package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** Facts about one instruction besides its fields: Linux's {@code struct bpf_insn_aux_data}. Mutable. */
public final class InsnAux {
    /** Pass in which the instruction was last seen; 0 if never. */
    public int seen;
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
    /** Type of the pointer with which the instruction accesses memory; null before it was seen. */
    public @Nullable RegType ptrType;
    /** Flags of {@link #ptrType}. */
    public int ptrFlags;
    /** The map that a helper is called with; null before it was seen. */
    public @Nullable MapInfo map;
    /** The helper was called with different maps. */
    public boolean mapPoisoned;
    /** The constant key of a map access, if {@link #mapKeySeen} and not {@link #mapKeyPoisoned}. */
    public long mapKey;

    public boolean mapKeySeen;
    public boolean mapKeyPoisoned;
    /** Spills around the call that are no accesses (bpf_fastcall). */
    public boolean fastcallPattern;

    public int fastcallSpills;
    /** Registers known to hold a 32-bit constant, a bit each. */
    public int constRegs;
    /** Registers known to hold a map. */
    public int constMapRegs;
    /** Registers known to hold a subprogram. */
    public int constSubprogRegs;
    /** The constants, map indices or subprogram numbers of r0 to r9; null if there are none. */
    public int @Nullable [] constRegValues;
    /** A call of bpf_loop was seen. */
    public boolean loopSeen;
    /** All calls seen have the same callback and no flags, so that Linux makes a loop of it. */
    public boolean loopFitsInline;
    /** The callback of the call seen first. */
    public int loopSubprog;
}
