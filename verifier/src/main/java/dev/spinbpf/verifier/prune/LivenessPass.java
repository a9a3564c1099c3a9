package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.flow.CallChecker;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;

/**
 * Finds what is alive before each instruction: registers, here, and stack slots, by {@link StackPointerAnalysis}.
 *
 * <p>A register is alive if some path reads it, or half of it, before it gets a new value. The sets are the smallest for
 * which this holds.
 *
 * <p>Serves one verification; runs after the post-order, the strongly connected components and the constants are known.
 */
public final class LivenessPass {
    private final StackLiveness stack;

    /** @param stack takes what is found of the stack */
    public LivenessPass(StackLiveness stack) {
        this.stack = stack;
    }

    /** Fills {@link InsnAux#liveRegsBefore} and what the state cache needs to know of the stack. */
    public void compute(ProgramUnit unit, CallChecker calls, VerifierLog log) {
        new StackPointerAnalysis(unit, calls, log, stack).run();
        computeRegisters(unit, calls, log.isDetailed());
    }

    /** @param isShown whether the log lists what is alive, with the upper halves that are read later */
    private static void computeRegisters(ProgramUnit unit, CallChecker calls, boolean isShown) {
        var uses = new RegisterUse[unit.length()];
        for (int i = 0; i < uses.length; i++) {
            uses[i] = RegisterUse.of(unit, calls, unit.insn(i));
        }
        int[] before = new int[uses.length];
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int at : unit.postorder) {
                int alive = (aliveAfter(unit, before, at) & ~uses[at].writes()) | uses[at].reads();
                changed |= alive != before[at];
                before[at] = alive;
            }
        }
        for (int i = 0; i < before.length; i++) {
            InsnAux aux = unit.aux(i);
            aux.liveRegsBefore = RegisterUse.registers(before[i]);
            if (isShown) {
                aux.needsUpperHalfZeroed =
                        RegisterUse.needsUpperHalfZeroed(unit, unit.insn(i), aliveAfter(unit, before, i));
            }
        }
    }

    private static int aliveAfter(ProgramUnit unit, int[] before, int at) {
        int alive = 0;
        for (int successor : unit.cfg().successors(at)) {
            alive |= before[successor];
        }
        return alive;
    }
}
