package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;

/** Edges of the control flow graph, within a function. */
public final class Successors {
    private static final int[] NONE = {};
    private static final int TAIL_CALL = 12;

    private Successors() {}

    /** The slots that may be processed after this one: the fall-through first, then the target of a jump. */
    public static int[] of(VerifierEnv env, int index) {
        Insn insn = env.insn(index);
        int next = index + insn.slots();
        return switch (insn.op().kind()) {
            case EXIT, LDDW_HI -> NONE;
            case JA -> new int[] {index + insn.jumpOffset() + 1};
            case JCC, MAY_GOTO -> new int[] {next, index + insn.jumpOffset() + 1};
            case GOTO_REG -> throw new UnsupportedFeature("an indirect jump (gotox) is not supported");
            case LD_ABS, LD_IND -> withExit(env, index);
            case CALL_HELPER -> insn.imm() == TAIL_CALL ? withExit(env, index) : new int[] {next};
            default -> new int[] {next};
        };
    }

    /** A tail call and a legacy packet load may leave the function. */
    private static int[] withExit(VerifierEnv env, int index) {
        int exit = Math.max(env.subprogAt(index).exitInsn, 0);
        return new int[] {index + 1, exit};
    }
}
