package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.map.LocalStorageMap;
import dev.spinbpf.vm.exec.TrapException;

/** Values that belong to the emulated tasks. */
final class StorageHelpers {
    private StorageHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_task_storage_get", (run, map, task, value, flags, _) -> storage(kernel, map)
                .get(run.cpu(), kernel.tasks().storageOf(task), value, flags));
        table.helper("bpf_task_storage_delete", (run, map, task, _, _, _) -> storage(kernel, map)
                .remove(run.cpu(), kernel.tasks().storageOf(task)));
    }

    private static LocalStorageMap storage(EmulatedKernel kernel, long address) {
        if (kernel.map(address) instanceof LocalStorageMap map) {
            return map;
        }
        throw new TrapException("0x" + Long.toHexString(address) + " is not local storage");
    }
}
