package dev.spinbpf.vm.exec;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.KernelLimits;

/** Calls of compiled code into the runtime: polls, frames, and the ways out to the interpreter and to a fault. */
final class CompiledCalls {
    private CompiledCalls() {}

    /**
     * Polls, where compiled code has used up what it may run.
     *
     * @param used the value of the variable that counts down from {@link Execution#left}
     * @param next index of the instruction that comes next
     * @return the variable's new value; negative where the interpreter has to go on
     */
    static int refill(Execution run, int used, int next) {
        run.at = next;
        run.left = used;
        run.settle();
        run.poll();
        return run.grant(run.code().machineCode());
    }

    /** Polls after a call of a helper; a negative number where {@link #goOn} has to follow. */
    static int afterHelper(Execution run) {
        run.poll();
        int left = run.left;
        return left >= 0 && !GuestMemory.isWide() ? left : newLeft(run);
    }

    private static int newLeft(Execution run) {
        if (run.tailTarget != null) {
            return -1;
        }
        run.settle();
        return run.grant(run.code().machineCode());
    }

    /** Makes the frame of a function that compiled code calls. */
    static void enterFrom(Execution run, int next) {
        if (run.depth == Execution.MAX_FRAMES - 1) {
            throw new TrapException("the call stack is deeper than " + Execution.MAX_FRAMES + " frames");
        }
        run.returnIndex[run.depth] = ~next;
        run.returnCode[run.depth] = run.code();
        run.depth++;
    }

    /** Leaves that frame; returns {@link Execution#left}. */
    static int leaveTo(Execution run) {
        run.depth--;
        run.switchTo(run.returnCode[run.depth]);
        return run.left;
    }

    /** Makes the frame of a callback that compiled code calls, as {@link Execution#callback} does, for all its rounds. */
    static void enterCallback(Execution run) {
        enterFrom(run, ~Execution.CALLBACK);
    }

    /** Leaves that frame. */
    static void leaveCallback(Execution run, int calledAt) {
        leaveTo(run);
        run.at = calledAt;
    }

    /** Goes on from compiled code in the target of its tail call, or in the interpreter, to the function's exit. */
    static long goOn(
            Execution run,
            int next,
            long r0,
            long r1,
            long r2,
            long r3,
            long r4,
            long r5,
            long r6,
            long r7,
            long r8,
            long r9,
            long r10) {
        int frame = run.depth;
        Code target = run.tailTarget;
        run.tailTarget = null;
        if (target != null) {
            run.switchTo(target);
            run.mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
        }
        spill(run, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10);
        if (target != null) {
            run.registers[1] = run.context;
        }
        long result = target != null ? run.function(0) : run.interpret(next);
        run.depth = frame;
        if (frame > 0) {
            run.switchTo(run.returnCode[frame - 1]);
        }
        return result;
    }

    private static void spill(
            Execution run,
            long r0,
            long r1,
            long r2,
            long r3,
            long r4,
            long r5,
            long r6,
            long r7,
            long r8,
            long r9,
            long r10) {
        long[] r = run.registers;
        r[0] = r0;
        r[1] = r1;
        r[2] = r2;
        r[3] = r3;
        r[4] = r4;
        r[5] = r5;
        r[6] = r6;
        r[7] = r7;
        r[8] = r8;
        r[9] = r9;
        r[10] = r10;
    }

    /** Returns what to raise for an exception in compiled code; the innermost function's registers are recorded. */
    static RuntimeException trapped(
            Execution run,
            RuntimeException cause,
            int index,
            long r0,
            long r1,
            long r2,
            long r3,
            long r4,
            long r5,
            long r6,
            long r7,
            long r8,
            long r9,
            long r10) {
        boolean invalid = cause instanceof IndexOutOfBoundsException || cause instanceof IllegalArgumentException;
        if (!invalid && !(cause instanceof TrapException)) {
            return cause;
        }
        RuntimeException trap = invalid ? TrapException.of(cause) : cause;
        if (!run.trapRecorded) {
            run.trapRecorded = true;
            run.at = index;
            spill(run, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10);
        }
        return trap;
    }

    /** Hands a function's parameters to the interpreter, and to its pieces. */
    static void beginPieces(Execution run, long r1, long r2, long r3, long r4, long r5, long r10) {
        run.mayGotoLeft = KernelLimits.BPF_MAX_LOOPS;
        spill(run, 0, r1, r2, r3, r4, r5, 0, 0, 0, 0, r10);
    }

    /** Calls a function that is made of pieces. */
    static long callPieces(Execution run, int start, long r1, long r2, long r3, long r4, long r5, long r10) {
        MachineCode machine = run.code().machineCode();
        if (machine == null) {
            throw new IllegalStateException("the compiled program is gone");
        }
        return machine.call(run, start, r1, r2, r3, r4, r5, r10);
    }

    /** Ends a function that is made of pieces. */
    static int finish(Execution run, long r0) {
        run.registers[0] = r0;
        return Execution.EXITED;
    }

    /** Interprets a function that a program calls by an address of its own making, where none was compiled. */
    static long uncompiled(Execution run, int start) {
        int frame = run.depth;
        long result = run.interpret(start);
        run.depth = frame;
        return result;
    }

    /** A legacy load: the number, or {@link PacketLoader#OUT_OF_PACKET}. */
    static long loadPacket(Execution run, long skb, int offset, int sizeBytes) {
        return run.packetLoader.load(skb, offset, sizeBytes);
    }
}
