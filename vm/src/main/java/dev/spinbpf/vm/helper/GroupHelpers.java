package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EAGAIN;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.map.CgroupArrayMap;
import dev.spinbpf.maps.map.PerfEventArrayMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.vm.task.Cgroups;

/** Cgroups and namespaces of tasks and packets, and counters of perf events, of which the machine has none. */
final class GroupHelpers {
    /** Size of {@code struct bpf_perf_event_value}. */
    private static final int COUNTER_SIZE = 24;

    private GroupHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_skb_under_cgroup", (_, _, map, index, _, _) -> under(kernel, map, (int) index));
        table.helper("bpf_current_task_under_cgroup", (_, map, index, _, _, _) -> under(kernel, map, (int) index));
        table.helper("bpf_get_current_ancestor_cgroup_id", (run, level, _, _, _, _) -> {
            Cgroups.Cgroup ancestor = kernel.tasks().current(run.cpu()).cgroup().ancestor((int) level);
            return ancestor == null ? 0 : ancestor.id();
        });
        table.helper("bpf_get_cgroup_classid", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_route_realm", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_socket_uid", (_, _, _, _, _, _) -> 0);
        table.helper("bpf_get_ns_current_pid_tgid", (_, _, _, pids, size, _) -> failed(pids, (int) size, -EINVAL));
        table.helper(
                "bpf_perf_event_read",
                (run, map, flags, _, _, _) -> counter(kernel, run.cpu().id(), map, flags));
        table.helper(
                "bpf_perf_event_read_value",
                (run, map, flags, value, size, _) -> failed(
                        value,
                        (int) size,
                        (int) size == COUNTER_SIZE ? counter(kernel, run.cpu().id(), map, flags) : -EINVAL));
    }

    private static long under(EmulatedKernel kernel, long address, int index) {
        boolean hasIndex = kernel.map(address) instanceof CgroupArrayMap groups && groups.hasIndex(index);
        return hasIndex ? -EAGAIN : -E2BIG;
    }

    private static long failed(long buffer, int size, long error) {
        if (size > 0) {
            GuestMemory.fill(buffer, size, (byte) 0);
        }
        return error;
    }

    private static long counter(EmulatedKernel kernel, int cpu, long address, long flags) {
        if ((flags & ~MapFlags.BPF_F_INDEX_MASK) != 0 || !(kernel.map(address) instanceof PerfEventArrayMap events)) {
            return -EINVAL;
        }
        int index = flags == MapFlags.BPF_F_CURRENT_CPU ? cpu : (int) flags;
        if (Integer.compareUnsigned(index, (int) events.maxEntries()) >= 0) {
            return -E2BIG;
        }
        return events.isOpen(index) ? -EINVAL : -ENOENT;
    }
}
