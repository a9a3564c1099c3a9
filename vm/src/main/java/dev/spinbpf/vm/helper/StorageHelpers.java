package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.CgroupStorageMap;
import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.vm.exec.TrapException;

/** Values that belong to the emulated tasks, and to other objects of the kernel. */
final class StorageHelpers {
    private StorageHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_task_storage_get", (run, map, task, value, flags, _) -> storage(kernel, map)
                .get(run.cpu(), kernel.tasks().storageOf(task), value, flags));
        table.helper("bpf_task_storage_delete", (run, map, task, _, _, _) -> storage(kernel, map)
                .remove(run.cpu(), kernel.tasks().storageOf(task)));
        table.helper("bpf_get_local_storage", (run, map, _, _, _, _) -> value(kernel, run.cpu(), map));
        for (String owner : new String[] {"sk", "inode", "cgrp"}) {
            table.helper("bpf_" + owner + "_storage_get", (run, map, object, value, flags, _) -> storage(kernel, map)
                    .get(run.cpu(), kernel.cgroups().storageOf(object), value, flags));
            table.helper("bpf_" + owner + "_storage_delete", (run, map, object, _, _, _) -> storage(kernel, map)
                    .remove(run.cpu(), kernel.cgroups().storageOf(object)));
        }
    }

    private static long value(EmulatedKernel kernel, Cpu cpu, long address) {
        if (kernel.map(address) instanceof CgroupStorageMap map) {
            return map.value(cpu);
        }
        throw new TrapException("0x" + Long.toHexString(address) + " is not cgroup storage");
    }

    private static LocalStorageMap storage(EmulatedKernel kernel, long address) {
        if (kernel.map(address) instanceof LocalStorageMap map) {
            return map;
        }
        throw new TrapException("0x" + Long.toHexString(address) + " is not local storage");
    }
}
