package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;
import static dev.spinbpf.programs.linux.Errno.EPERM;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.task.Task;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Helpers by which programs act on tasks and on the functions that they trace, and ask for what hardware or a module
 * would know. Signals arrive and do nothing, as the machine's tasks have no handlers; a result that is overridden changes
 * nothing, as nobody reads it; no branches are recorded, no memory areas, and no file is measured.
 */
final class EffectHelpers {
    private static final int MOST_SIGNAL = 64;
    private static final int BPRM_FLAGS = 1;
    private static final int REGISTERS_BYTES = 168;
    private static final int BRANCH_BYTES = 24;
    private static final int INIT_PID = 1;

    /** Offset of rax in {@code pt_regs}. */
    private static final int RETURN_REGISTER = 80;

    private EffectHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        for (String name : new String[] {"bpf_send_signal", "bpf_send_signal_thread"}) {
            table.helper(
                    name, (run, signal, _, _, _, _) -> signal(kernel.tasks().current(run.cpu()), (int) signal));
        }
        table.kfunc("bpf_send_signal_task", (_, task, signal, type, _, _) -> {
            Task target = kernel.tasks().at(task);
            boolean isOfTask = (int) type == 0 || (int) type == 1;
            return target == null || !isOfTask ? -EINVAL : signal(target, (int) signal);
        });
        table.helper("bpf_probe_write_user", (_, to, from, size, _, _) -> write(to, from, size & 0xffff_ffffL));
        table.helper("bpf_override_return", (_, registers, result, _, _, _) -> {
            GuestMemory.putLong(registers + RETURN_REGISTER, result);
            return 0;
        });
        table.helper("bpf_bprm_opts_set", (_, _, flags, _, _, _) -> (flags & ~BPRM_FLAGS) == 0 ? 0 : -EINVAL);
        for (String name : new String[] {"bpf_ima_inode_hash", "bpf_ima_file_hash"}) {
            table.helper(name, (_, _, _, _, _, _) -> -EOPNOTSUPP);
        }
        results(table, kernel);
        lookUps(table, kernel);
    }

    private static void results(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_get_retval", (run, _, _, _, _, _) -> kernel.local(run.cpu())
                .hookResult());
        table.helper("bpf_set_retval", (run, value, _, _, _, _) -> {
            kernel.local(run.cpu()).hookResult((int) value);
            return 0;
        });
    }

    private static void lookUps(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_find_vma", (_, task, _, _, _, flags) -> flags != 0 || task == 0 ? -EINVAL : -ENOENT);
        table.helper(
                "bpf_read_branch_records", (_, _, _, size, flags, _) -> flags > 1 || flags < 0 ? -EINVAL : -ENOENT);
        table.helper(
                "bpf_get_branch_snapshot",
                (_, _, size, flags, _, _) -> flags != 0 ? -EINVAL : (int) size < BRANCH_BYTES ? -EINVAL : -ENOENT);
        table.helper("bpf_kallsyms_lookup_name", (_, _, size, flags, result, _) -> {
            GuestMemory.putLong(result, 0);
            return flags != 0 || (int) size <= 1 ? -EINVAL : -ENOENT;
        });
        Map<Long, Long> registersByTask = new ConcurrentHashMap<>();
        table.helper(
                "bpf_task_pt_regs",
                (_, task, _, _, _, _) -> registersByTask.computeIfAbsent(
                        task, key -> kernel.arena().allocate(REGISTERS_BYTES)));
    }

    private static long signal(Task task, int signal) {
        if (task.pid() == INIT_PID) {
            return -EPERM;
        }
        return signal < 0 || signal > MOST_SIGNAL ? -EINVAL : 0;
    }

    private static long write(long to, long from, long size) {
        if (!GuestMemory.exists(to, size)) {
            return -EFAULT;
        }
        GuestMemory.copy(from, to, size);
        return 0;
    }
}
