package dev.spinbpf.vm.helper;

import dev.spinbpf.vm.task.Cgroups;
import dev.spinbpf.vm.task.Task;
import org.jspecify.annotations.Nullable;

/** References to tasks and cgroups. They live as long as the machine, so that references are not counted. */
final class TaskKfuncs {
    private TaskKfuncs() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        for (String acquire : new String[] {"bpf_task_acquire", "bpf_cgroup_acquire"}) {
            table.kfunc(acquire, (_, object, _, _, _, _) -> object);
        }
        for (String release : new String[] {"bpf_task_release", "bpf_cgroup_release"}) {
            table.kfunc(release, (_, _, _, _, _, _) -> 0);
        }
        for (String find : new String[] {"bpf_task_from_pid", "bpf_task_from_vpid"}) {
            table.kfunc(
                    find, (_, pid, _, _, _, _) -> address(kernel, kernel.tasks().ofPid((int) pid)));
        }
        table.kfunc(
                "bpf_cgroup_from_id",
                (_, id, _, _, _, _) -> address(kernel.cgroups().ofId(id)));
        table.kfunc("bpf_cgroup_ancestor", (_, cgroup, level, _, _, _) -> {
            Cgroups.Cgroup group = kernel.cgroups().at(cgroup);
            return group == null ? 0 : address(group.ancestor((int) level));
        });
        table.kfunc("bpf_task_get_cgroup1", (_, _, _, _, _, _) -> 0);
        table.kfunc(
                "bpf_task_under_cgroup",
                (_, task, ancestor, _, _, _) -> isUnder(kernel.tasks().at(task), ancestor) ? 1 : 0);
    }

    private static boolean isUnder(@Nullable Task task, long ancestor) {
        for (int level = 0; task != null && level <= task.cgroup().level(); level++) {
            if (address(task.cgroup().ancestor(level)) == ancestor) {
                return true;
            }
        }
        return false;
    }

    /** Returns the address of a task's structure; 0 for none. */
    static long address(EmulatedKernel kernel, @Nullable Task task) {
        return task == null ? 0 : kernel.tasks().address(task);
    }

    private static long address(Cgroups.@Nullable Cgroup group) {
        return group == null ? 0 : group.address();
    }
}
