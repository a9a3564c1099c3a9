package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
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
    public static void check(Exploration path, boolean exceptionExit, boolean checkLocks, String prefix) {
        VerifierState state = path.state();
        if (checkLocks && state.activeLocks() != 0) {
            throw path.reject(Errno.EINVAL, Message.LOCK_HELD, prefix);
        }
        if (hasLeak(path, exceptionExit)) {
            throw path.reject(Errno.EINVAL, Message.REFERENCE_HELD, prefix);
        }
        if (checkLocks && state.isIrqDisabled()) {
            throw path.reject(Errno.EINVAL, Message.IRQS_DISABLED, prefix);
        }
        if (checkLocks && state.activeRcuLocks() != 0) {
            throw path.reject(Errno.EINVAL, Message.RCU_READ_LOCKED, prefix);
        }
        if (checkLocks && state.activePreemptLocks() != 0) {
            throw path.reject(Errno.EINVAL, Message.PREEMPTION_DISABLED, prefix);
        }
    }

    private static boolean hasLeak(Exploration path, boolean exceptionExit) {
        if (!exceptionExit && path.func().frameno() != 0) {
            return false;
        }
        boolean leaks = false;
        for (AcquiredReference reference : path.state().references()) {
            boolean returned = path.unit().program().type() == ProgType.STRUCT_OPS
                    && !exceptionExit
                    && path.reg(0).id() == reference.id();
            if (reference.type() == AcquiredReference.Type.PTR && !returned) {
                path.log().note(Message.UNRELEASED_REFERENCE, reference.id(), reference.insn());
                leaks = true;
            }
        }
        return leaks;
    }
}
