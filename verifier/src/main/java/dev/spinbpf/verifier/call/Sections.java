package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.model.ProgType;
import dev.spinbpf.verifier.state.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;

/** Regions of the program in which not everything may be called. */
final class Sections {
    private Sections() {}

    /** Whether pointers that RCU protects are valid here. */
    static boolean inRcuSection(VerifierState state) {
        return state.activeRcuLocks() > 0 || state.activeLocks() > 0 || !state.inSleepable();
    }

    /** Whether sleeping is allowed here. */
    static boolean maySleep(VerifierState state) {
        return state.activeRcuLocks() == 0
                && state.activePreemptLocks() == 0
                && state.activeLocks() == 0
                && state.activeIrqId() == 0
                && state.inSleepable();
    }

    /** Why sleeping is not allowed here, as messages say it. */
    static String nonSleepableDescription(VerifierState state) {
        if (state.activeRcuLocks() > 0) {
            return "rcu_read_lock region";
        }
        if (state.activePreemptLocks() > 0) {
            return "non-preemptible region";
        }
        if (state.activeIrqId() != 0) {
            return "IRQ-disabled region";
        }
        return state.activeLocks() > 0 ? "lock region" : "non-sleepable prog";
    }

    /** Whether the path runs in the comparison function of a tree. */
    static boolean inRbtreeCallback(VerifierEnv env) {
        VerifierState state = env.state();
        for (int frame = state.curframe(); frame > 0; frame--) {
            if (!state.frame(frame).inCallback()) {
                continue;
            }
            var insn = env.insn(state.frame(frame).callsite());
            Kfunc kfunc = KfuncCalls.known(env, insn);
            if (kfunc != null && SpecialKfuncs.isRbtreeApi(kfunc)) {
                return true;
            }
        }
        return false;
    }

    /** Programs that trace, at the level at which anything may be interrupted. */
    static boolean isTracing(ProgType type) {
        return switch (type) {
            case KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> true;
            default -> false;
        };
    }
}
