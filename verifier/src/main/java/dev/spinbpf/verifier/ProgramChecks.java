package dev.spinbpf.verifier;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.attach.AttachTargets;
import dev.spinbpf.verifier.flow.ProgramUnit;
import dev.spinbpf.verifier.flow.VerifierLog;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.ProgramRules.Property;

/** Rules of the program as a whole: its attachment, and sleeping there. */
final class ProgramChecks {
    private ProgramChecks() {}

    /** Refuses a program that cannot be attached at its target, or that must not sleep there. */
    static void check(ProgramUnit unit, VerifierLog log) {
        Program program = unit.program();
        if (unit.isExtension()) {
            AttachTargets.check(unit, log);
            return;
        }
        if (program.type() == ProgType.SYSCALL) {
            if (!program.sleepable()) {
                throw log.reject(Errno.EINVAL, Message.SYSCALL_PROGRAM_NOT_SLEEPABLE);
            }
            return;
        }
        if (program.sleepable() && !unit.has(Property.MAY_SLEEP)) {
            throw log.reject(Errno.EINVAL, Message.PROGRAM_TYPE_NOT_SLEEPABLE);
        }
        AttachTargets.check(unit, log);
    }
}
