package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.verifier.flow.CallChecker.CallTrait;

/**
 * Spills and fills that compilers put around calls which might clobber registers, and that Linux removes where the call
 * does not: the stack that they take does not count.
 */
public final class FastcallPatterns {
    private static final int CALLER_SAVED_MASK = (1 << KernelLimits.CALLER_SAVED_REGS) - 1;

    private FastcallPatterns() {}

    public static void mark(Exploration path) {
        for (int number = 0; number < path.unit().subprogs().size(); number++) {
            SubprogInfo subprog = path.unit().subprog(number);
            SubprogTrace trace = path.subprogTrace(number);
            int lowest = 0;
            for (int i = subprog.start; i < subprog.end; i++) {
                Insn insn = path.unit().insn(i);
                if (insn.op() == Op.STX_DW && insn.dst() == Insn.FRAME_POINTER) {
                    lowest = Math.min(lowest, insn.off());
                }
            }
            for (int i = subprog.start; i < subprog.end; i++) {
                Op.Kind kind = path.unit().insn(i).op().kind();
                if (kind == Op.Kind.CALL_HELPER || kind == Op.Kind.CALL_KFUNC) {
                    markCall(path, trace, i, lowest);
                }
            }
        }
    }

    private static void markCall(Exploration path, SubprogTrace trace, int at, int lowest) {
        CallChecker.CallSummary call =
                path.services().calls().summary(path.unit(), path.unit().insn(at));
        int clobbered = ((1 << (call.params() + 1)) - 1) & ~(call.has(CallTrait.VOID) ? 1 : 0);
        int expected = ~clobbered & CALLER_SAVED_MASK;
        int pairs = 0;
        int off = lowest;
        while (pairs < KernelLimits.CALLER_SAVED_REGS) {
            int distance = pairs + 1;
            int reg = spilledAndFilled(path, at, distance, off);
            if (reg < 0 || (expected & (1 << reg)) == 0) {
                break;
            }
            expected &= ~(1 << reg);
            path.trace(at - distance).fastcallPattern = true;
            path.trace(at + distance).fastcallPattern = true;
            pairs++;
            off += Long.BYTES;
        }
        if (pairs == 0) {
            return;
        }
        if (call.has(CallTrait.FASTCALL)) {
            path.trace(at).fastcallSpills = pairs;
        } else {
            trace.keepFastcallStack = true;
        }
        trace.fastcallStackOff = Math.min(trace.fastcallStackOff, off);
    }

    /** The register that is spilled so many instructions before the call and filled as many after it, or -1. */
    private static int spilledAndFilled(Exploration path, int at, int distance, int off) {
        int before = at - distance;
        int after = at + distance;
        if (before < 0
                || after >= path.unit().length()
                || path.unit().aux(before + 1).jumpTarget
                || path.unit().aux(after).jumpTarget) {
            return -1;
        }
        Insn spill = path.unit().insn(before);
        Insn fill = path.unit().insn(after);
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
    public static void release(Exploration path) {
        for (int number = 0; number < path.unit().subprogs().size(); number++) {
            SubprogInfo subprog = path.unit().subprog(number);
            boolean removed = false;
            for (int i = subprog.start; i < subprog.end; i++) {
                removed |= path.trace(i).fastcallSpills > 0;
            }
            SubprogTrace trace = path.subprogTrace(number);
            if (removed && !trace.keepFastcallStack) {
                trace.stackDepth = -trace.fastcallStackOff;
            }
        }
    }
}
