package dev.spinbpf.verifier;

import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.InsnAux;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;

/** Walks all paths from the current state: Linux's {@code do_check}. */
final class MainLoop {
    private MainLoop() {}

    static void run(VerifierEnv env) {
        env.setPrevInsnIndex(-1);
        boolean afterBranch = false;
        while (true) {
            env.currentHistoryEntry = -1;
            int at = env.insnIndex();
            account(env);
            VerifierState state = env.state();
            state.setLastInsn(env.prevInsnIndex());
            state.setInsn(at);
            InsnAux aux = env.aux(at);
            if (env.observer != null) {
                env.observer.reached(state);
            }
            int next;
            if (aux.prunePoint && env.services().stateCache().isStateVisited(env, at)) {
                printSafe(env, afterBranch);
                next = InsnChecker.PATH_ENDS;
            } else {
                if (env.observer != null) {
                    env.observer.processed(env, state);
                }
                if (aux.jmpPoint) {
                    env.services().precision().pushJmpHistory(env, state, 0, 0, 0, 0);
                }
                Insn insn = env.insn(at);
                print(env, state, insn, at);
                aux.seen = env.passCount();
                if (insn.slots() == 2) {
                    env.aux(at + 1).seen = env.passCount();
                }
                next = InsnChecker.check(env, insn, at);
            }
            afterBranch = next == InsnChecker.PATH_ENDS;
            if (!afterBranch) {
                env.setPrevInsnIndex(at);
                env.setInsnIndex(next);
                continue;
            }
            SubprogCalls.markAllScratched(env);
            env.services().stateCache().updateBranchCounts(env, env.state());
            if (!env.popStack()) {
                return;
            }
        }
    }

    private static void account(VerifierEnv env) {
        env.insnProcessed++;
        if (env.insnProcessed > env.insnLimit()) {
            throw env.reject(Errno.E2BIG, "BPF program is too large. Processed %d insn", env.insnProcessed);
        }
    }

    private static void printSafe(VerifierEnv env, boolean afterBranch) {
        if (!env.log().isWanted()) {
            return;
        }
        if (afterBranch) {
            env.verbose("\nfrom %d to %d: safe\n", env.prevInsnIndex(), env.insnIndex());
        } else {
            env.verbose("%d: safe\n", env.insnIndex());
        }
    }

    private static void print(VerifierEnv env, VerifierState state, Insn insn, int at) {
        if (!env.log().isWanted()) {
            return;
        }
        if (env.scratchedRegs != 0 || env.scratchedSlots != 0) {
            env.services().printer().printInsnState(env, state, state.curframe());
        }
        env.services().printer().printSourceLine(env, at, "; ");
        env.services().printer().printInsn(env, insn, at);
    }
}
