package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;

/**
 * Spills and fills that compilers put around calls which might clobber registers, and that Linux removes where the call
 * does not: the stack that they take does not count.
 */
public final class FastcallPatterns {
    private static final int CALLER_SAVED_MASK = (1 << KernelLimits.CALLER_SAVED_REGS) - 1;

    private FastcallPatterns() {}

    public static void mark(VerifierEnv env) {
        for (SubprogInfo subprog : env.subprogs()) {
            int lowest = 0;
            for (int i = subprog.start; i < subprog.end; i++) {
                Insn insn = env.insn(i);
                if (insn.op() == Op.STX_DW && insn.dst() == Insn.FRAME_POINTER) {
                    lowest = Math.min(lowest, insn.off());
                }
            }
            for (int i = subprog.start; i < subprog.end; i++) {
                Op.Kind kind = env.insn(i).op().kind();
                if (kind == Op.Kind.CALL_HELPER || kind == Op.Kind.CALL_KFUNC) {
                    markCall(env, subprog, i, lowest);
                }
            }
        }
    }

    private static void markCall(VerifierEnv env, SubprogInfo subprog, int at, int lowest) {
        CallChecker.CallSummary call = env.services().calls().summary(env, env.insn(at));
        int clobbered = ((1 << (call.params() + 1)) - 1) & ~(call.isVoid() ? 1 : 0);
        int expected = ~clobbered & CALLER_SAVED_MASK;
        int pairs = 0;
        int off = lowest;
        while (pairs < KernelLimits.CALLER_SAVED_REGS) {
            int distance = pairs + 1;
            int reg = spilledAndFilled(env, at, distance, off);
            if (reg < 0 || (expected & (1 << reg)) == 0) {
                break;
            }
            expected &= ~(1 << reg);
            env.aux(at - distance).fastcallPattern = true;
            env.aux(at + distance).fastcallPattern = true;
            pairs++;
            off += Long.BYTES;
        }
        if (pairs == 0) {
            return;
        }
        if (call.fastcall()) {
            env.aux(at).fastcallSpills = pairs;
        } else {
            subprog.keepFastcallStack = true;
        }
        subprog.fastcallStackOff = Math.min(subprog.fastcallStackOff, off);
    }

    /** The register that is spilled so many instructions before the call and filled as many after it, or -1. */
    private static int spilledAndFilled(VerifierEnv env, int at, int distance, int off) {
        int before = at - distance;
        int after = at + distance;
        if (before < 0 || after >= env.length() || env.aux(before + 1).jumpTarget || env.aux(after).jumpTarget) {
            return -1;
        }
        Insn spill = env.insn(before);
        Insn fill = env.insn(after);
        boolean matches = spill.op() == Op.STX_DW
                && fill.op() == Op.LDX_DW
                && spill.dst() == Insn.FRAME_POINTER
                && fill.src() == Insn.FRAME_POINTER
                && spill.src() == fill.dst()
                && spill.off() == off
                && fill.off() == off;
        return matches ? spill.src() : -1;
    }

    /** After the main pass: stack that only removed spills used is not used. */
    public static void release(VerifierEnv env) {
        for (SubprogInfo subprog : env.subprogs()) {
            boolean removed = false;
            for (int i = subprog.start; i < subprog.end; i++) {
                removed |= env.aux(i).fastcallSpills > 0;
            }
            if (removed && !subprog.keepFastcallStack) {
                subprog.stackDepth = -subprog.fastcallStackOff;
            }
        }
    }
}
