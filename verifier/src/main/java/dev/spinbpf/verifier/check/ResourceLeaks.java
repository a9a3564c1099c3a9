package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.AcquiredReference;
import dev.spinbpf.verifier.state.VerifierState;

/** Nothing may leave the program while it holds something: locks, references, interrupts, RCU, preemption. */
public final class ResourceLeaks {
    private ResourceLeaks() {}

    /**
     * Refuses to go on while something is held.
     *
     * @param exceptionExit whether all frames are left at once
     * @param checkLocks whether locks and other critical sections count too
     * @param prefix what is about to happen, as messages say it
     */
    public static void check(VerifierEnv env, boolean exceptionExit, boolean checkLocks, String prefix) {
        VerifierState state = env.state();
        if (checkLocks && state.activeLocks() != 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_spin_lock-ed region", prefix);
        }
        if (hasLeak(env, exceptionExit)) {
            throw env.reject(Errno.EINVAL, "%s would lead to reference leak", prefix);
        }
        if (checkLocks && state.activeIrqId() != 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_local_irq_save-ed region", prefix);
        }
        if (checkLocks && state.activeRcuLocks() != 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_rcu_read_lock-ed region", prefix);
        }
        if (checkLocks && state.activePreemptLocks() != 0) {
            throw env.reject(Errno.EINVAL, "%s cannot be used inside bpf_preempt_disable-ed region", prefix);
        }
    }

    private static boolean hasLeak(VerifierEnv env, boolean exceptionExit) {
        if (!exceptionExit && env.func().frameno() != 0) {
            return false;
        }
        boolean leaks = false;
        for (AcquiredReference reference : env.state().references()) {
            boolean returned = env.program().type() == ProgType.STRUCT_OPS
                    && !exceptionExit
                    && env.reg(0).id() == reference.id();
            if (reference.type() == AcquiredReference.Type.PTR && !returned) {
                env.verbose("Unreleased reference id=%d alloc_insn=%d\n", reference.id(), reference.insn());
                leaks = true;
            }
        }
        return leaks;
    }
}
