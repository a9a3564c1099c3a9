package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.memory.GuestMemory;
import java.nio.charset.StandardCharsets;

/** Time, random numbers, CPU and task. */
final class SystemHelpers {
    private static final long NANOS_PER_JIFFY = 1_000_000;
    private static final long TICK_NANOS = 4_000_000;

    /** Linux starts its jiffies five minutes before they overflow 32 bits. */
    private static final long INITIAL_JIFFIES = 0xffff_ffffL & -300_000;

    private SystemHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_ktime_get_ns", (run, _, _, _, _, _) -> run.cpu().nanoTime());
        table.helper("bpf_ktime_get_boot_ns", (run, _, _, _, _, _) -> run.cpu().nanoTime());
        table.helper("bpf_ktime_get_coarse_ns", (run, _, _, _, _, _) -> {
            long now = run.cpu().nanoTime();
            return now - Math.floorMod(now, TICK_NANOS);
        });
        table.helper("bpf_ktime_get_tai_ns", (_, _, _, _, _, _) -> System.currentTimeMillis() * 1_000_000);
        table.helper(
                "bpf_jiffies64",
                (run, _, _, _, _, _) -> INITIAL_JIFFIES + run.cpu().nanoTime() / NANOS_PER_JIFFY);
        table.helper(
                "bpf_get_prandom_u32",
                (run, _, _, _, _, _) -> kernel.local(run.cpu()).random() & 0xffff_ffffL);
        table.helper(
                "bpf_get_smp_processor_id", (run, _, _, _, _, _) -> run.cpu().id());
        table.helper("bpf_get_numa_node_id", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_current_pid_tgid", (run, _, _, _, _, _) -> {
            long pid = kernel.tasks().pid(run.cpu());
            return pid << 32 | pid;
        });
        table.helper("bpf_get_current_uid_gid", (run, _, _, _, _, _) -> {
            long uid = kernel.tasks().current(run.cpu()).uid();
            return uid << 32 | uid;
        });
        table.helper(
                "bpf_get_current_cgroup_id",
                (run, _, _, _, _, _) ->
                        kernel.tasks().current(run.cpu()).cgroup().id());
        table.helper(
                "bpf_get_current_task", (run, _, _, _, _, _) -> kernel.tasks().address(run.cpu()));
        table.helper("bpf_get_current_task_btf", (run, _, _, _, _, _) -> kernel.tasks()
                .address(run.cpu()));
        table.kfunc("bpf_get_current_task_btf", (run, _, _, _, _, _) -> kernel.tasks()
                .address(run.cpu()));
        table.helper(
                "bpf_get_current_comm",
                (run, buffer, size, _, _, _) -> comm(kernel.tasks().comm(run.cpu()), buffer, (int) size));
    }

    private static long comm(String name, long buffer, int size) {
        if (size <= 0) {
            return -EINVAL;
        }
        byte[] padded = new byte[size];
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, padded, 0, Math.min(bytes.length, size - 1));
        GuestMemory.copyIn(padded, 0, buffer, size);
        return 0;
    }
}
