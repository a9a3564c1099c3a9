package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.model.AttachType;
import dev.spinbpf.programs.model.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.call.MapRules;
import dev.spinbpf.verifier.state.Errno;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.ProgramRules;
import dev.spinbpf.verifier.state.VerifierEnv;
import java.util.Set;

/** Linux's rules of maps and attachment. */
public final class ProgramChecks implements ProgramRules {
    /** Functions that the tracing machinery itself calls. */
    private static final Set<String> DENIED = Set.of(
            "___migrate_enable",
            "migrate_disable",
            "migrate_enable",
            "rcu_read_unlock_strict",
            "preempt_count_add",
            "preempt_count_sub",
            "__rcu_read_lock",
            "__rcu_read_unlock");

    private static final Set<String> NEVER_RETURN = Set.of(
            "do_exit",
            "do_group_exit",
            "kthread_complete_and_exit",
            "make_task_dead",
            "__module_put_and_kthread_exit",
            "__ia32_sys_exit",
            "__ia32_sys_exit_group",
            "__x64_sys_exit",
            "__x64_sys_exit_group");

    @Override
    public void checkMap(VerifierEnv env, MapInfo map) {
        MapRules.checkProgram(env, map);
    }

    @Override
    public void checkProgram(VerifierEnv env) {
        Program program = env.program();
        if (program.type() == ProgType.SYSCALL) {
            if (!program.sleepable()) {
                throw env.reject(Errno.EINVAL, "Syscall programs can only be sleepable");
            }
            return;
        }
        if (program.sleepable() && !maySleep(program)) {
            throw env.reject(Errno.EINVAL, "Program of this type cannot be sleepable");
        }
        checkTarget(env, program);
    }

    private static void checkTarget(VerifierEnv env, Program program) {
        String target = program.attachTarget();
        if (target == null || program.type() != ProgType.TRACING) {
            return;
        }
        switch (program.attachType()) {
            case TRACE_RAW_TP, TRACE_ITER -> {
                return;
            }
            default -> {}
        }
        if (DENIED.contains(target)) {
            throw env.reject(Errno.EINVAL, "Attaching tracing programs to function '%s' is rejected.", target);
        }
        boolean waitsForReturn =
                switch (program.attachType()) {
                    case TRACE_FEXIT, TRACE_FSESSION, TRACE_FSESSION_MULTI, MODIFY_RETURN -> true;
                    default -> false;
                };
        if (waitsForReturn && NEVER_RETURN.contains(target)) {
            throw env.reject(
                    Errno.EINVAL, "Attaching fexit/fsession/fmod_ret to __noreturn function '%s' is rejected.", target);
        }
    }

    private static boolean maySleep(Program program) {
        return switch (program.type()) {
            case TRACING ->
                switch (program.attachType()) {
                    case TRACE_FENTRY,
                            TRACE_FEXIT,
                            MODIFY_RETURN,
                            TRACE_ITER,
                            TRACE_FSESSION,
                            TRACE_RAW_TP,
                            TRACE_FENTRY_MULTI,
                            TRACE_FEXIT_MULTI,
                            TRACE_FSESSION_MULTI -> true;
                    default -> false;
                };
            case LSM -> program.attachType() != AttachType.LSM_CGROUP;
            case KPROBE, STRUCT_OPS, RAW_TRACEPOINT, TRACEPOINT -> true;
            default -> false;
        };
    }
}
