package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.map.CgroupStorageMap;

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
            table.kfunc(find, (_, pid, _, _, _, _) -> kernel.tasks().ofPid((int) pid));
        }
        table.kfunc("bpf_cgroup_from_id", (_, id, _, _, _, _) -> kernel.owners().cgroup(id));
        table.kfunc("bpf_cgroup_ancestor", (_, cgroup, level, _, _, _) -> (int) level == 0 ? cgroup : 0);
        table.kfunc("bpf_task_get_cgroup1", (_, _, _, _, _, _) -> 0);
        table.kfunc("bpf_task_under_cgroup", (_, _, cgroup, _, _, _) -> {
            long root = kernel.owners().cgroup(CgroupStorageMap.ROOT_CGROUP_ID);
            return cgroup == root ? 1 : 0;
        });
    }
}
