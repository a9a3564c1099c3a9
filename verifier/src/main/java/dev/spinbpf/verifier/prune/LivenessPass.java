package dev.spinbpf.verifier.prune;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.flow.Cfg;
import dev.spinbpf.verifier.flow.LivenessAnalysis;
import dev.spinbpf.verifier.flow.VerifierEnv;

/**
 * Finds what is alive where: registers by the classic backward analysis, stack slots by {@link ArgAnalysis}.
 *
 * <p>Serves one verification; runs after the post-order, the strongly connected components and the constants are known.
 */
public final class LivenessPass implements LivenessAnalysis {
    private static final int ALL = 0xffff;
    private static final int R0 = 1;
    private static final int CALLER_SAVED = 0b11_1111;

    private final StackLiveness stack;

    /** @param stack where to put what is found of the stack */
    public LivenessPass(StackLiveness stack) {
        this.stack = stack;
    }

    @Override
    public void compute(VerifierEnv env) {
        Cfg cfg = Cfg.ofFunctions(env);
        new ArgAnalysis(env, cfg, stack).run();
        computeRegisters(env, cfg);
    }

    /** What an instruction does to registers, a bit each. */
    private record Effect(int reads, int writes) {}

    private static void computeRegisters(VerifierEnv env, Cfg cfg) {
        Effect[] effects = new Effect[env.length()];
        int[] before = new int[effects.length];
        for (int i = 0; i < effects.length; i++) {
            effects[i] = effect(env, env.insn(i));
        }
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int i = 0; i < env.postorder.length; i++) {
                int at = env.postorder[i];
                int after = 0;
                for (int successor : cfg.successors(at)) {
                    after |= before[successor];
                }
                int alive = (after & ~effects[at].writes) | effects[at].reads;
                changed |= alive != before[at];
                before[at] = alive;
            }
        }
        for (int i = 0; i < before.length; i++) {
            env.aux(i).liveRegsBefore = before[i];
        }
    }

    private static Effect effect(VerifierEnv env, Insn insn) {
        Op op = insn.op();
        int dst = 1 << insn.dst();
        int src = 1 << insn.src();
        int operand = op.usesSrcRegister() ? src : 0;
        return switch (op.kind()) {
            case ALU -> new Effect(op.alu() == Op.Alu.MOV ? operand : dst | operand, dst);
            case MOVSX, ADDR_SPACE_CAST, LDX, LDXSX, LOAD_ACQUIRE -> new Effect(src, dst);
            case NEG, BYTE_SWAP -> new Effect(dst, dst);
            case LDDW -> new Effect(0, dst);
            case ST -> new Effect(dst, 0);
            case STX, STORE_RELEASE -> new Effect(dst | src, 0);
            case ATOMIC -> atomic(op.atomic(), dst, src);
            case JCC -> new Effect(dst | operand, 0);
            case GOTO_REG -> new Effect(dst, 0);
            case JA, MAY_GOTO, LDDW_HI -> new Effect(0, 0);
            case EXIT -> new Effect(R0, 0);
            case CALL_SUBPROG -> new Effect(CALLER_SAVED & ~R0, CALLER_SAVED);
            case CALL_HELPER, CALL_KFUNC -> {
                int params = Math.min(env.services().calls().summary(env, insn).params(), 5);
                yield new Effect((2 << params) - 2, CALLER_SAVED);
            }
            case LD_ABS, LD_IND -> new Effect(ALL, 0);
        };
    }

    private static Effect atomic(Op.Atomic operator, int dst, int src) {
        if (operator == Op.Atomic.CMPXCHG) {
            return new Effect(R0 | dst | src, R0);
        }
        return new Effect(dst | src, operator.fetches() ? src : 0);
    }
}
