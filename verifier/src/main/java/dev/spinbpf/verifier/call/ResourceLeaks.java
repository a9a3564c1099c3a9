package dev.spinbpf.verifier.call;

import dev.spinbpf.programs.model.ProgType;
import dev.spinbpf.verifier.state.Errno;
import dev.spinbpf.verifier.state.Reference;
import dev.spinbpf.verifier.state.VerifierEnv;
import dev.spinbpf.verifier.state.VerifierState;

/** What must not be held where a program ends: Linux's {@code check_resource_leak}. */
public final class ResourceLeaks {
    private ResourceLeaks() {}

    /**
     * Refuses the program if it holds something here.
     *
     * @param exception whether the program throws
     * @param checkLocks whether locks and disabled interrupts, preemption and RCU count too
     * @param prefix how messages call the place
     */
    public static void check(VerifierEnv env, boolean exception, boolean checkLocks, String prefix) {
        VerifierState state = env.state();
        if (checkLocks && state.activeLocks() > 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_spin_lock-ed region", prefix);
        }
        if (holdsReference(env, exception)) {
            throw env.reject(Errno.EINVAL, "%s would lead to reference leak", prefix);
        }
        if (checkLocks && state.activeIrqId() != 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_local_irq_save-ed region", prefix);
        }
        if (checkLocks && state.activeRcuLocks() > 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_rcu_read_lock-ed region", prefix);
        }
        if (checkLocks && state.activePreemptLocks() > 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_preempt_disable-ed region", prefix);
        }
    }

    private static boolean holdsReference(VerifierEnv env, boolean exception) {
        VerifierState state = env.state();
        if (!exception && state.curframe() > 0) {
            return false;
        }
        boolean held = false;
        for (Reference reference : state.references()) {
            boolean returned = env.program().type() == ProgType.STRUCT_OPS
                    && !exception
                    && env.reg(0).id() == reference.id();
            if (reference.type() == Reference.Type.PTR && !returned) {
                env.verbose("Unreleased reference id=%d alloc_insn=%d\n", reference.id(), reference.insn());
                held = true;
            }
        }
        return held;
    }
}
