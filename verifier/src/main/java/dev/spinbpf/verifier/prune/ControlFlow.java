package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.verifier.flow.SubprogInfo;
import dev.spinbpf.verifier.flow.VerifierEnv;

/** The control flow graph within functions, for the analyses that run before the main pass. */
final class ControlFlow {
    private static final int BPF_FUNC_TAIL_CALL = 12;
    private static final int[] NONE = {};

    private final VerifierEnv env;
    private final int[][] successors;

    ControlFlow(VerifierEnv env) {
        this.env = env;
        successors = new int[env.length()][];
        for (int i = 0; i < successors.length; i++) {
            successors[i] = find(i);
        }
    }

    /** Slots that may be executed after this one, in the same function. */
    int[] successors(int insn) {
        return successors[insn];
    }

    private int[] find(int at) {
        Insn insn = env.insn(at);
        int next = at + insn.slots();
        return switch (insn.op().kind()) {
            case EXIT -> NONE;
            case JA -> new int[] {at + 1 + insn.jumpOffset()};
            case JCC, MAY_GOTO -> new int[] {next, at + 1 + insn.jumpOffset()};
            case LD_ABS, LD_IND -> withExit(at);
            case CALL_HELPER -> insn.immLow() == BPF_FUNC_TAIL_CALL ? withExit(at) : new int[] {next};
            case ALU,
                    MOVSX,
                    NEG,
                    BYTE_SWAP,
                    ADDR_SPACE_CAST,
                    GOTO_REG,
                    CALL_SUBPROG,
                    CALL_KFUNC,
                    LDX,
                    LDXSX,
                    ST,
                    STX,
                    ATOMIC,
                    LOAD_ACQUIRE,
                    STORE_RELEASE,
                    LDDW,
                    LDDW_HI -> new int[] {next};
        };
    }

    /** The instruction may leave its function: as if it jumped to an exit. */
    private int[] withExit(int at) {
        SubprogInfo subprog = env.subprogAt(at);
        return subprog.exitInsn < 0 ? new int[] {at + 1} : new int[] {at + 1, subprog.exitInsn};
    }

    /** The slot at a place of the post-order. */
    int postorder(int index) {
        return env.postorder[index];
    }

    int postorderLength() {
        return env.postorder.length;
    }

    /** Where a function's slots start in the post-order. */
    int postorderStart(int subprog) {
        return env.postorderStart[subprog];
    }

    /** Where a function's slots end in the post-order. */
    int postorderEnd(int subprog) {
        return env.postorderStart[subprog + 1];
    }
}
