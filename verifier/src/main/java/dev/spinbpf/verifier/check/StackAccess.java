package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.AccessType;
import dev.spinbpf.verifier.flow.Registers;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.FuncState;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import dev.spinbpf.verifier.state.SlotType;
import dev.spinbpf.verifier.state.StackSlot;

/** Where the stack may be accessed; reads and writes are {@link StackReads} and {@link StackWrites}. */
final class StackAccess {
    private StackAccess() {}

    /** Refuses an access outside the 512 bytes; else makes the frame's stack large enough for it. */
    static void checkWithinBounds(VerifierEnv env, RegState reg, String name, int off, int size, AccessType type) {
        String direction = type == AccessType.READ ? " read from" : " write to";
        long min;
        long max;
        if (reg.isConst()) {
            min = reg.constValue() + off;
            max = min + size;
        } else {
            if (reg.smax() >= Registers.MAX_VAR_OFF || reg.smin() <= -Registers.MAX_VAR_OFF) {
                throw env.reject(Errno.EACCES, "invalid unbounded variable-offset%s stack %s", direction, name);
            }
            min = reg.smin() + off;
            max = reg.smax() + off + size;
        }
        int errno = 0;
        if (min < -VerifierEnv.MAX_BPF_STACK || min > -1) {
            errno = Errno.EACCES;
        } else if (max > 0) {
            errno = Errno.EINVAL;
        } else if (size < 0) {
            errno = Errno.EFAULT;
        }
        if (errno != 0 && reg.isConst()) {
            throw env.reject(errno, "invalid%s stack %s off=%d size=%d", direction, name, min, size);
        }
        if (errno != 0) {
            throw env.reject(
                    errno,
                    "invalid variable-offset%s stack %s var_off=%s off=%d size=%d",
                    direction,
                    name,
                    reg.value().varOff(),
                    off,
                    size);
        }
        env.growStack(env.func(reg), (int) -min);
    }

    static boolean isStoreOfImmediate(Insn insn) {
        return insn.op().kind() == Op.Kind.ST;
    }

    /** Stack that is used for spills around fast calls only ceases to be so when anything else uses it. */
    static void checkFastcallContract(VerifierEnv env, FuncState func, int insnIndex, int off) {
        var subprog = env.subprog(func.subprog());
        if (subprog.fastcallStackOff <= off || env.aux(insnIndex).fastcallPattern) {
            return;
        }
        subprog.fastcallStackOff = Short.MIN_VALUE;
        for (int i = subprog.start; i < subprog.end; i++) {
            env.aux(i).fastcallSpills = 0;
            env.aux(i).fastcallPattern = false;
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

    static void pushHistory(VerifierEnv env, int flags, int spi, int frame) {
        env.services().precision().pushJmpHistory(env, env.state(), flags, spi, frame, 0);
    }
}
