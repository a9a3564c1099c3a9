package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.VerifierEnv;

/** Records which parts of the stack an instruction reads and overwrites, given where its registers may point. */
final class StackAccesses {
    private StackAccesses() {}

    /** Records loads, stores and the accesses of helpers and kernel functions. */
    static void record(VerifierEnv env, FuncInstance instance, ArgState state, int at) {
        Insn insn = env.insn(at);
        int size = insn.op().widthBytes();
        switch (insn.op().kind()) {
            case LDX, LDXSX, LOAD_ACQUIRE -> access(instance, state.regs[insn.src()], insn.off(), size, at);
            case ATOMIC -> access(instance, state.regs[insn.dst()], insn.off(), size, at);
            case ST, STX, STORE_RELEASE -> access(instance, state.regs[insn.dst()], insn.off(), -size, at);
            case CALL_HELPER, CALL_KFUNC -> call(env, instance, state, insn, at);
            default -> {
                // No access.
            }
        }
    }

    private static void call(VerifierEnv env, FuncInstance instance, ArgState state, Insn insn, int at) {
        CallChecker calls = env.services().calls();
        int params = Math.min(calls.summary(env, insn).params(), 5);
        for (int arg = 0; arg < params; arg++) {
            if (state.regs[arg + 1].isStack()) {
                access(instance, state.regs[arg + 1], 0, calls.stackAccessBytes(env, insn, at, arg), at);
            }
        }
    }

    /** Whatever the instruction does, it may read everything in the instance's frames. */
    static void readAll(FuncInstance instance, int at) {
        for (int frame = 0; frame <= instance.depth; frame++) {
            instance.addRead(frame, at, SlotSet.ALL);
        }
    }

    /** @param bytes as of {@link CallChecker#stackAccessBytes} */
    private static void access(FuncInstance instance, ArgTrack pointer, int off, long bytes, int at) {
        if (bytes == 0) {
            return;
        }
        if (pointer.isImprecise()) {
            for (int frame = 0; frame <= instance.depth; frame++) {
                if ((pointer.frames() >>> frame & 1) != 0) {
                    instance.addRead(frame, at, SlotSet.ALL);
                }
            }
            return;
        }
        int frame = pointer.frame();
        if (frame < 0 || frame > instance.depth) {
            return;
        }
        ArgTrack place = pointer.plus(off);
        boolean reads = bytes > 0 || bytes == CallChecker.UNKNOWN_BYTES;
        if (place.offsetCount() == 0) {
            if (reads) {
                instance.addRead(frame, at, SlotSet.ALL);
            }
            return;
        }
        // What may be written in one of several places is not surely overwritten in any.
        for (int i = 0; reads && i < place.offsetCount(); i++) {
            read(instance, frame, at, place.offset(i), bytes);
        }
        if (!reads && place.offsetCount() == 1) {
            write(instance, frame, at, place.offset(0), -bytes);
        }
    }

    /** All half slots that are touched; accesses at or above the frame's top are refused later. */
    private static void read(FuncInstance instance, int frame, int at, int offset, long bytes) {
        if (offset < 0) {
            long last = (-offset - 1L) / SlotSet.BYTES;
            long first = bytes == CallChecker.UNKNOWN_BYTES ? 0 : (-offset - bytes) / SlotSet.BYTES;
            instance.addRead(frame, at, SlotSet.range(first, last));
        }
    }

    /** Only half slots that are covered wholly. */
    private static void write(FuncInstance instance, int frame, int at, int offset, long bytes) {
        if (offset < 0) {
            long last = -offset / SlotSet.BYTES - 1L;
            long first = Math.max((-offset - bytes + SlotSet.BYTES - 1) / SlotSet.BYTES, 0);
            if (first <= last) {
                instance.addWrite(frame, at, SlotSet.range(first, last));
            }
        }
    }

    /** Whether the instruction calls a function of the program. */
    static boolean isSubprogCall(Insn insn) {
        return insn.op() == Op.CALL_SUBPROG;
    }
}
