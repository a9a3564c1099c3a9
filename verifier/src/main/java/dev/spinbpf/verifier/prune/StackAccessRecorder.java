package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.ProgramUnit;

/**
 * Records which parts of the stack an instruction reads and overwrites, given where its registers may point.
 *
 * <p>Read counts what <em>may</em> be read: every half slot that an access touches at any of its possible places.
 * Overwritten counts what <em>surely</em> is: the half slots that a store covers, if there is a single place that it
 * can be at. To record too much as read or too little as overwritten keeps a slot alive for longer, which is safe.
 */
final class StackAccessRecorder {
    private static final int MAX_ARGS = 5;

    private final ProgramUnit unit;
    private final CallChecker calls;
    private final CallStackUse use;

    StackAccessRecorder(ProgramUnit unit, CallChecker calls, CallStackUse use) {
        this.unit = unit;
        this.calls = calls;
        this.use = use;
    }

    /** Records loads, stores and the accesses of helpers and kernel functions. */
    void record(StackTargets before, int at) {
        Insn insn = unit.insn(at);
        int size = insn.op().widthBytes();
        switch (insn.op().kind()) {
            case LDX, LDXSX, LOAD_ACQUIRE -> read(before.reg(insn.src()).plus(insn.off()), size, at);
            case ATOMIC -> read(before.reg(insn.dst()).plus(insn.off()), size, at);
            case ST, STX, STORE_RELEASE -> write(before.reg(insn.dst()).plus(insn.off()), size, at);
            case CALL_HELPER, CALL_KFUNC -> call(before, insn, at);
            default -> {
                // No access.
            }
        }
    }

    private void call(StackTargets before, Insn insn, int at) {
        int params = Math.min(calls.summary(unit, insn).params(), MAX_ARGS);
        for (int arg = 0; arg < params; arg++) {
            StackTarget target = before.reg(arg + 1);
            if (target.isStack()) {
                long bytes = calls.stackAccessBytes(unit, insn, at, arg);
                if (bytes > 0 || bytes == CallChecker.UNKNOWN_BYTES) {
                    read(target, bytes, at);
                } else if (bytes < 0) {
                    write(target, -bytes, at);
                }
            }
        }
    }

    /** Whatever the instruction does, it may read everything in the call's own and outer frames. */
    void readAll(int at) {
        readFrames(-1, at);
    }

    private void readFrames(int frames, int at) {
        for (int frame = 0; frame <= use.depth; frame++) {
            if ((frames >>> frame & 1) != 0) {
                use.addRead(frame, at, SlotSet.ALL);
            }
        }
    }

    private void read(StackTarget target, long bytes, int at) {
        if (!(target instanceof StackTarget.Places places)) {
            readFrames(target.frames(), at);
        } else if (places.frame() <= use.depth) {
            for (int i = 0; i < places.count(); i++) {
                int offset = places.offset(i);
                ByteInterval read =
                        bytes == CallChecker.UNKNOWN_BYTES ? ByteInterval.from(offset) : ByteInterval.of(offset, bytes);
                use.addRead(places.frame(), at, read.touched());
            }
        }
    }

    private void write(StackTarget target, long bytes, int at) {
        switch (target) {
            case StackTarget.SomeFrame some -> readFrames(some.frames(), at);
            case StackTarget.Places places -> {
                if (places.count() == 1 && places.frame() <= use.depth) {
                    use.addWrite(
                            places.frame(),
                            at,
                            ByteInterval.of(places.offset(0), bytes).covered());
                }
            }
            case StackTarget.Unreached none -> {
                // Not executed.
            }
            case StackTarget.Elsewhere none -> {
                // No stack.
            }
            case StackTarget.Anywhere any -> {
                // Overwrites nothing for sure.
            }
        }
    }
}
