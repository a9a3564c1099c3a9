package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.SubprogTrace;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Bounds of accesses to the stack; reads and writes are {@link StackReads} and {@link StackWrites}. */
final class StackAccess {
    private StackAccess() {}

    /** Refuses an access outside the 512 bytes; else makes the frame's stack large enough for it. */
    static void checkWithinBounds(Exploration path, RegState reg, String name, int off, int size, AccessType type) {
        String direction = type == AccessType.READ ? " read from" : " write to";
        if (!reg.isConst() && isUnbounded(reg)) {
            throw path.reject(Errno.EACCES, Message.STACK_UNBOUNDED_VARIABLE_OFFSET, direction, name);
        }
        long lowest = reg.smin() + off;
        int errno = refusal(lowest, reg.smax() + off + size, size);
        if (errno == 0) {
            path.growStack(path.func(reg), (int) -lowest);
            return;
        }
        throw reg.isConst()
                ? path.reject(errno, Message.STACK_INVALID_OFFSET, direction, name, lowest, size)
                : path.reject(
                        errno,
                        Message.STACK_INVALID_VARIABLE_OFFSET,
                        direction,
                        name,
                        reg.value().varOff(),
                        off,
                        size);
    }

    private static boolean isUnbounded(RegState reg) {
        return reg.smin() <= -Registers.MAX_VAR_OFF || reg.smax() >= Registers.MAX_VAR_OFF;
    }

    /**
     * The errno of an access that does not lie in the frame, 0 if it does.
     *
     * @param lowest first byte at the smallest offset, relative to the frame pointer
     * @param end one past the last byte at the largest offset
     */
    private static int refusal(long lowest, long end, int size) {
        if (lowest < -KernelLimits.MAX_BPF_STACK || lowest >= 0) {
            return Errno.EACCES;
        }
        if (end > 0) {
            return Errno.EINVAL;
        }
        return size < 0 ? Errno.EFAULT : 0;
    }

    static boolean isStoreOfImmediate(Insn insn) {
        return insn.op().kind() == Op.Kind.ST;
    }

    /** Stack that is used for spills around fast calls only ceases to be so when anything else uses it. */
    static void checkFastcallContract(Exploration path, FuncState func, int insnIndex, int off) {
        SubprogTrace trace = path.subprogTrace(func.subprog());
        if (trace.fastcallStackOff <= off || path.trace(insnIndex).fastcallPattern) {
            return;
        }
        SubprogInfo subprog = path.unit().subprog(func.subprog());
        trace.fastcallStackOff = Short.MIN_VALUE;
        for (int i = subprog.start; i < subprog.end; i++) {
            path.trace(i).fastcallSpills = 0;
            path.trace(i).fastcallPattern = false;
        }
    }

    /** The slot after raw data was written to some of it: what else it was is gone. */
    static StackSlot scrubbed(StackSlot slot) {
        StackSlot result = slot.withSpilled(slot.spilled().withType(RegType.NOT_INIT, 0));
        return slot.isSpecial() ? allMisc(result) : result;
    }

    /** All bytes that hold something hold anything. */
    static StackSlot allMisc(StackSlot slot) {
        StackSlot result = slot;
        for (int i = 0; i < StackSlot.BYTES; i++) {
            SlotType type = slot.type(i);
            if (type != SlotType.INVALID && type != SlotType.POISON) {
                result = result.withType(i, SlotType.MISC);
            }
        }
        return result;
    }

    static void pushHistory(Exploration path, int flags, int spi, int frame) {
        path.services().precision().pushJmpHistory(path, path.state(), flags, spi, frame, 0);
    }
}
