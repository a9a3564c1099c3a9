package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.Objects;

/** Helpers that a program may call only where it is attached to some functions. */
public final class AllowedTargets {
    private AllowedTargets() {}

    /** Returns whether the condition of that name, in a helper's prototype, holds. */
    public static boolean holds(Kernel kernel, String condition, Program program) {
        return switch (condition) {
            case "bpf_sk_storage_tracing_allowed" -> mayUseSocketStorage(program);
            case "bpf_d_path_allowed" -> mayWalkPaths(kernel, program);
            case "bpf_ima_inode_hash_allowed" -> isAtSleepableHook(kernel, program);
            default -> throw new AssertionError(condition);
        };
    }

    private static boolean mayUseSocketStorage(Program program) {
        return switch (program.attachType()) {
            case TRACE_ITER, TRACE_RAW_TP -> true;
            case TRACE_FENTRY, TRACE_FEXIT, TRACE_FSESSION ->
                !Objects.requireNonNullElse(program.attachTarget(), "").startsWith("bpf_sk_storage");
            default -> false;
        };
    }

    private static boolean mayWalkPaths(Kernel kernel, Program program) {
        if (program.type() == ProgType.LSM) {
            return isAtSleepableHook(kernel, program);
        }
        String target = program.attachTarget();
        return program.attachType() == AttachType.TRACE_ITER
                || target != null && kernel.functions().allowsPaths(target);
    }

    private static boolean isAtSleepableHook(Kernel kernel, Program program) {
        return kernel.lsmHooks().isSleepable(LsmHooks.PREFIX + program.attachTarget());
    }
}
