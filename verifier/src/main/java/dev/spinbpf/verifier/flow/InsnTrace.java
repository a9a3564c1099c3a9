package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** The exploration's notes on one instruction, of all paths so far. Mutable. */
public final class InsnTrace {
    /** A path got here. */
    public boolean walked;
    /** Type of the pointer with which the instruction accesses memory; null before it did. */
    public @Nullable RegType ptrType;
    /** Flags of {@link #ptrType}. */
    public int ptrFlags;
    /** A path got here with a pointer into an arena, to 64-bit arithmetic. */
    public boolean withArenaPointer;
    /** A path got here with something else, to 64-bit arithmetic. */
    public boolean withoutArenaPointer;
    /** A spill or fill around a call that is no access to the stack (bpf_fastcall), as long as nothing else uses the slots. */
    public boolean fastcallPattern;
    /** Pairs of such spills and fills around the call; 0 once something else uses the slots. */
    public int fastcallSpills;
    /** A call of bpf_loop was processed here. */
    public boolean loopSeen;
    /** All calls processed here have the same callback and no flags, so that Linux makes a loop of them. */
    public boolean loopFitsInline;
    /** The callback of the call processed first. */
    public int loopSubprog;
}
