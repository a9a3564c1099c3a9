package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.ArenaMap;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.ProgramStream;

/** Pages of arenas, and the report of accesses to pages that are not there. */
public final class ArenaKfuncs {
    /** The number of the only node of memory, and that of no node in particular. */
    private static final int NODE = 0;

    private static final int ANY_NODE = -1;

    private ArenaKfuncs() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.kfunc("bpf_arena_alloc_pages", (run, map, address, count, node, flags) -> {
            boolean isNode = (int) node == NODE || (int) node == ANY_NODE;
            return kernel.map(map) instanceof ArenaMap arena && flags == 0 && isNode
                    ? arena.allocate(run.cpu(), address, (int) count)
                    : 0;
        });
        table.kfunc("bpf_arena_free_pages", (run, map, address, count, _, _) -> {
            if (kernel.map(map) instanceof ArenaMap arena && address != 0) {
                free(kernel, run, arena, address, (int) count);
            }
            return 0;
        });
        table.kfunc(
                "bpf_arena_reserve_pages",
                (run, map, address, count, _, _) -> kernel.map(map) instanceof ArenaMap arena
                        ? arena.reserve(run.cpu(), address, (int) count)
                        : -EINVAL);
    }

    /** Frees pages; where the program may not sleep that is left to a task, and they stay until then. */
    private static void free(EmulatedKernel kernel, Execution run, ArenaMap arena, long address, int count) {
        Cpu cpu = run.cpu();
        boolean maySleep = run.code().program().sleepable()
                && cpu.level() == ContextLevel.TASK
                && cpu.preemptCount() == 0
                && cpu.irqsEnabled();
        if (!maySleep || arena.free(cpu, address, count) != 0) {
            kernel.local(cpu).later().add(() -> arena.free(cpu, address, count));
        }
    }

    /**
     * Writes Linux's report of an access to a page that is not there to the program's stderr stream.
     *
     * @param address in user space
     */
    public static void report(EmulatedKernel kernel, Execution run, boolean writes, long address) {
        ProgramStream err = run.code().err();
        if (err.isNearlyFull()) {
            err.drop();
            return;
        }
        err.write("ERROR: Arena " + (writes ? "WRITE" : "READ") + " access at unmapped address 0x"
                + Long.toHexString(address) + '\n' + StackText.of(run, kernel.tasks()) + '\n');
    }
}
