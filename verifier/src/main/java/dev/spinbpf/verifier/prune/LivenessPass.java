package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;

/**
 * Finds what is alive before each instruction: registers, here, and stack slots, by {@link StackPointerAnalysis}.
 *
 * <p>A register is alive if some path reads it before it gets a new value. The sets are the smallest for which this
 * holds.
 *
 * <p>Serves one verification; runs after the post-order, the strongly connected components and the constants are known.
 */
public final class LivenessPass {
    private static final int ALL = 0xffff;
    private static final int MAX_ARGS = 5;

    private final StackLiveness stack;

    /** @param stack takes what is found of the stack */
    public LivenessPass(StackLiveness stack) {
        this.stack = stack;
    }

    /** Fills {@link InsnAux#liveRegsBefore} and what the state cache needs to know of the stack. */
    public void compute(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        new StackPointerAnalysis(unit, calls, log, stack).run();
        computeRegisters(unit, calls);
    }

    private static void computeRegisters(ProgramUnit unit, CallChecker calls) {
        int[] reads = new int[unit.length()];
        int[] writes = new int[reads.length];
        for (int i = 0; i < reads.length; i++) {
            reads[i] = readBy(unit, calls, unit.insn(i));
            writes[i] = isPacketLoad(unit.insn(i)) ? 0 : unit.insn(i).definedRegs();
        }
        int[] before = new int[reads.length];
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int at : unit.postorder) {
                int after = 0;
                for (int successor : unit.cfg().successors(at)) {
                    after |= before[successor];
                }
                int alive = (after & ~writes[at]) | reads[at];
                changed |= alive != before[at];
                before[at] = alive;
            }
        }
        for (int i = 0; i < before.length; i++) {
            unit.aux(i).liveRegsBefore = before[i];
        }
    }

    /** A legacy packet load counts as reading every register and writing none, as in Linux. */
    private static boolean isPacketLoad(Insn insn) {
        return insn.op().kind() == Op.Kind.LD_ABS || insn.op().kind() == Op.Kind.LD_IND;
    }

    private static int readBy(ProgramUnit unit, CallChecker calls, Insn insn) {
        boolean isKernelCall =
                insn.op().kind() == Op.Kind.CALL_HELPER || insn.op().kind() == Op.Kind.CALL_KFUNC;
        if (isKernelCall) {
            int params = Math.min(calls.summary(unit, insn).params(), MAX_ARGS);
            return insn.usedRegs() & ((2 << params) - 1);
        }
        return isPacketLoad(insn) ? ALL : insn.usedRegs();
    }
}
