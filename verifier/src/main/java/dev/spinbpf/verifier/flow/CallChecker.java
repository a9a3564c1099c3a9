package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import java.util.Set;

/** Checks calls of helpers and kernel functions against their prototypes, and gives r0 what they return. */
public interface CallChecker {
    /**
     * Checks a {@code CALL_HELPER} in the current state and applies its effect: arguments, locks, references, r0, r1 to r5.
     * A helper that calls back pushes the callback's path with {@link CallbackPusher}.
     */
    void checkHelperCall(Exploration path, Insn insn, int insnIndex);

    /**
     * Checks a {@code CALL_KFUNC}, as {@link #checkHelperCall}.
     *
     * @return what the main loop has to do next
     */
    KfuncResult checkKfuncCall(Exploration path, Insn insn, int insnIndex);

    /**
     * Checks an argument of a global function that is a dynptr or an object of the kernel.
     *
     * @param regno the register that is passed
     */
    void checkSubprogArgument(Exploration path, SubprogArg arg, int regno);

    /** Refuses an object whose kernel functions a loader does not find; done before anything else. */
    default void checkExterns(ProgramUnit unit, VerifierLog log) {}

    /** Refuses the load of a kernel function's address that the kernel does not have, reachable or not. */
    default void prepareFunctionAddress(ProgramUnit unit, VerifierLog log, Insn insn) {}

    /** Refuses a {@code CALL_KFUNC} that the program can have nowhere, reachable or not. */
    default void prepareKfuncCall(ProgramUnit unit, VerifierLog log, Insn insn) {}

    /** The facts about a call that are known before any path is walked. */
    CallSummary summary(ProgramUnit unit, Insn insn);

    /**
     * Bytes of stack that the call accesses through a pointer in one of its arguments, as far as its prototype and the constants in
     * {@link InsnAux} tell. Linux's {@code bpf_helper_stack_access_bytes} and {@code bpf_kfunc_stack_access_bytes}.
     *
     * @param arg number of the argument, 0 for r1
     * @return positive if it may read so many bytes, negative if it overwrites so many without reading them, 0 if it does not
     *     access the stack, {@link #UNKNOWN_BYTES} if it may read any number
     */
    default long stackAccessBytes(ProgramUnit unit, Insn insn, int insnIndex, int arg) {
        return UNKNOWN_BYTES;
    }

    /** {@link #stackAccessBytes} of a call of which nothing is known. */
    long UNKNOWN_BYTES = Long.MIN_VALUE;

    /** True if the call ends the path. */
    enum KfuncResult {
        CONTINUE,
        /** The function throws: the frame unwinds. */
        THROWS
    }

    /** A fact about a call that analyses of the program text rely on. */
    enum CallTrait {
        /** It leaves r0 without a value. */
        VOID,
        /** It preserves those of r1 to r5 that it does not use. */
        FASTCALL,
        /** Packet pointers die. */
        CHANGES_PACKETS,
        /** It may sleep. */
        SLEEPABLE,
        /** It calls back before it returns. */
        SYNC_CALLBACK,
        /** It stores a callback that is called later. */
        ASYNC_CALLBACK,
        /** That callback may sleep. */
        ASYNC_CALLBACK_SLEEPS,
        /** It is an iterator's next function. */
        ITERATOR_NEXT,
        /** It never returns. */
        THROWS
    }

    /**
     * The facts about a call that are known from its prototype.
     *
     * @param params number of arguments that it reads, from r1 upwards
     */
    record CallSummary(int params, Set<CallTrait> traits) {
        /** Of a call of which nothing is known. */
        public static final CallSummary UNKNOWN = new CallSummary(5, Set.of());

        public boolean has(CallTrait trait) {
            return traits.contains(trait);
        }
    }
}
