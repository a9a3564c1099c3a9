package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.Exploration;

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
    public void compute(Exploration path) {
        Cfg cfg = Cfg.ofFunctions(path);
        new StackPointerAnalysis(path, cfg, stack).run();
        computeRegisters(path, cfg);
    }

    private static void computeRegisters(Exploration path, Cfg cfg) {
        int[] reads = new int[path.unit().length()];
        int[] writes = new int[reads.length];
        for (int i = 0; i < reads.length; i++) {
            reads[i] = readBy(path, path.unit().insn(i));
            writes[i] =
                    isPacketLoad(path.unit().insn(i)) ? 0 : path.unit().insn(i).definedRegs();
        }
        int[] before = new int[reads.length];
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int at : path.unit().postorder) {
                int after = 0;
                for (int successor : cfg.successors(at)) {
                    after |= before[successor];
                }
                int alive = (after & ~writes[at]) | reads[at];
                changed |= alive != before[at];
                before[at] = alive;
            }
        }
        for (int i = 0; i < before.length; i++) {
            path.unit().aux(i).liveRegsBefore = before[i];
        }
    }

    /** A legacy packet load counts as reading every register and writing none, as in Linux. */
    private static boolean isPacketLoad(Insn insn) {
        return insn.op().kind() == Op.Kind.LD_ABS || insn.op().kind() == Op.Kind.LD_IND;
    }

    private static int readBy(Exploration path, Insn insn) {
        boolean isKernelCall =
                insn.op().kind() == Op.Kind.CALL_HELPER || insn.op().kind() == Op.Kind.CALL_KFUNC;
        if (isKernelCall) {
            int params = Math.min(path.services().calls().summary(path, insn).params(), MAX_ARGS);
            return insn.usedRegs() & ((2 << params) - 1);
        }
        return isPacketLoad(insn) ? ALL : insn.usedRegs();
    }
}
