package dev.spinbpf.verifier.flow;

/** The exploration's notes on one function, of all paths so far. Mutable. */
public final class SubprogTrace {
    /** Most stack in bytes that it uses, callees not counted. */
    int stackDepth;
    /** Instructions of it that were processed, if they are counted. */
    int insns;
    /** Those and what was processed in functions that it called. */
    int insnsWithCallees;
    /** All instructions of the passes that began with it, those of functions that run later too; 0 if there was none. */
    public int insnsInPasses;
    /** Start of the stack that is used for spills around fast calls only, as a negative offset; 0 if there is none. */
    public int fastcallStackOff;
    /** Spills around a call that Linux cannot remove use that stack too. */
    boolean keepFastcallStack;
    /** A global function that some path called where it must not sleep: it has to be verified. */
    public boolean calledAtomic;
    /** A global function that some path called where it may sleep. */
    public boolean calledSleepable;
    /** A global function that was verified by its prototype, for places where it must not sleep. */
    public boolean verifiedAtomic;
    /** A global function that was verified for places where it may sleep. */
    public boolean verifiedSleepable;
    /** Some path called it back, or it handles exceptions. */
    public boolean isCallback;
    /** Some path left it to be called back later, or it handles exceptions. */
    public boolean isAsyncCallback;
    /** Its prototype does not say what is passed, or callers pass something else. */
    public boolean unreliable;
}
