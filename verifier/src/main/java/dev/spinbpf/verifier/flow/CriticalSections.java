package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.state.VerifierState;

/** Regions of the program in which not everything may be called. */
public final class CriticalSections {
    private CriticalSections() {}

    /** True if pointers that RCU protects are valid here. */
    public static boolean inRcuSection(Exploration path) {
        VerifierState state = path.state();
        if (path.unit().kernel().has(KernelRule.ATOMIC_SECTIONS_PROTECT_RCU)) {
            return !maySleep(state);
        }
        return state.activeRcuLocks() > 0 || state.activeLocks() > 0 || !state.inSleepable();
    }

    /** A section other than one of RCU ended: objects that RCU protects may be gone, where such sections protect them. */
    public static void ended(Exploration path) {
        if (path.unit().kernel().has(KernelRule.ATOMIC_SECTIONS_PROTECT_RCU) && !inRcuSection(path)) {
            References.invalidateRcuProtected(path.state());
        }
    }

    /** True if sleeping is allowed here. */
    public static boolean maySleep(VerifierState state) {
        return state.activeRcuLocks() == 0
                && state.activePreemptLocks() == 0
                && state.activeLocks() == 0
                && !state.isIrqDisabled()
                && state.inSleepable();
    }

    /** Why sleeping is not allowed here, as messages say it. */
    public static String nonSleepableDescription(VerifierState state) {
        if (state.activeRcuLocks() > 0) {
            return "rcu_read_lock region";
        }
        if (state.activePreemptLocks() > 0) {
            return "non-preemptible region";
        }
        if (state.isIrqDisabled()) {
            return "IRQ-disabled region";
        }
        return state.activeLocks() > 0 ? "lock region" : "non-sleepable prog";
    }
}
