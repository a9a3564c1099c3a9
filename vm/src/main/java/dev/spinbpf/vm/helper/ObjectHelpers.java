package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.vm.exec.Execution;

/** Objects that programs allocate, count references of, and keep in maps. */
final class ObjectHelpers {
    private ObjectHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        for (String suffix : new String[] {"", "_impl"}) {
            table.kfunc("bpf_obj_new" + suffix, (run, type, _, _, _, _) -> allocate(kernel, run, type, false));
            table.kfunc("bpf_percpu_obj_new" + suffix, (run, type, _, _, _, _) -> allocate(kernel, run, type, true));
            table.kfunc("bpf_obj_drop" + suffix, (_, object, _, _, _, _) -> drop(kernel, object));
            table.kfunc("bpf_percpu_obj_drop" + suffix, (_, object, _, _, _, _) -> drop(kernel, object));
            table.kfunc("bpf_refcount_acquire" + suffix, (_, object, _, _, _, _) -> kernel.objects()
                    .acquire(object));
        }
        table.helper(
                "bpf_per_cpu_ptr", (_, object, cpu, _, _, _) -> kernel.objects().copyOf(object, (int) cpu));
        table.helper("bpf_this_cpu_ptr", (run, object, _, _, _, _) -> kernel.objects()
                .copyOf(object, run.cpu().id()));
        table.helper("bpf_kptr_xchg", (_, slot, value, _, _, _) -> GuestWords.getAndSetLong(slot, value));
    }

    private static long allocate(EmulatedKernel kernel, Execution run, long typeId, boolean percpu) {
        return kernel.objects().allocate(run.code().object().btf(), (int) typeId, percpu);
    }

    private static long drop(EmulatedKernel kernel, long object) {
        kernel.objects().drop(object);
        return 0;
    }
}
