package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.maps.map.SlotArrayMap;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;

/** Maps, tail calls and {@code bpf_loop}. */
final class MapHelpers {

    private MapHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.helper("bpf_map_lookup_elem", ElementHelpers.lookup(kernel));
        table.helper("bpf_map_update_elem", ElementHelpers.update(kernel));
        table.helper("bpf_map_delete_elem", ElementHelpers.delete(kernel));
        table.helper("bpf_map_push_elem", (run, address, value, flags, _, _) -> {
            BpfMap map = kernel.map(address);
            return map.stats().count(run.cpu(), MapOperation.PUSH, map.push(run.cpu(), value, flags));
        });
        table.helper("bpf_map_pop_elem", (run, address, value, _, _, _) -> {
            BpfMap map = kernel.map(address);
            return map.stats().count(run.cpu(), MapOperation.POP, map.pop(run.cpu(), value));
        });
        table.helper("bpf_map_peek_elem", (run, address, value, _, _, _) -> {
            BpfMap map = kernel.map(address);
            return map.stats().count(run.cpu(), MapOperation.PEEK, map.peek(run.cpu(), value));
        });
        table.helper("bpf_map_lookup_percpu_elem", (run, address, key, cpu, _, _) -> {
            BpfMap map = kernel.map(address);
            long found = map.lookupPercpu(run.cpu(), key, (int) cpu);
            return map.stats().countFound(run.cpu(), MapOperation.LOOKUP_PERCPU, found);
        });
        table.helper(
                "bpf_for_each_map_elem",
                (run, map, callback, context, flags, _) -> forEach(kernel, run, map, callback, context, flags));
        table.helper(
                "bpf_loop", (run, count, callback, context, flags, _) -> loop(run, count, callback, context, flags));
        table.helper("bpf_tail_call", (run, _, map, index, _, _) -> tailCall(kernel, run, map, index));
    }

    private static long forEach(
            EmulatedKernel kernel, Execution run, long address, long callback, long context, long flags) {
        if (flags != 0) {
            return -EINVAL;
        }
        BpfMap map = kernel.map(address);
        CpuLocal local = kernel.local(run.cpu());
        int keySize = map.def().keySize();
        long scratch = local.push(keySize);
        if (scratch == 0) {
            return -ENOMEM;
        }
        try {
            long visits = map.forEach(
                    run.cpu(),
                    (_, visited, key, value) -> run.callback(callback, visited.address(), key, value, context),
                    scratch);
            return map.stats().count(run.cpu(), MapOperation.FOR_EACH, visits);
        } finally {
            local.pop(keySize);
        }
    }

    private static long loop(Execution run, long count, long callback, long context, long flags) {
        long iterations = count & 0xffff_ffffL;
        if (flags != 0) {
            return -EINVAL;
        }
        if (iterations > KernelLimits.BPF_MAX_LOOPS) {
            // Linux's verifier writes the loop into the program, where it answers with 32 bits.
            return -E2BIG & 0xffff_ffffL;
        }
        for (long i = 0; i < iterations; i++) {
            if (run.callback(callback, i, context, 0, 0) != 0) {
                return i + 1;
            }
        }
        return iterations;
    }

    private static long tailCall(EmulatedKernel kernel, Execution run, long address, long index) {
        if (!(kernel.map(address) instanceof SlotArrayMap array)) {
            return -EINVAL;
        }
        long handle = array.program((int) index);
        Code target = handle == SlotArrayMap.NO_PROGRAM ? null : kernel.program(handle);
        return target != null && run.tailCall(target) ? 0 : -ENOENT;
    }
}
