package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.DispatchQueues.Order;
import dev.spinbpf.vm.task.Task;

/**
 * Iterators over the tasks of a dispatch queue, and moves of what they show.
 *
 * <pre>
 *   queue(8) flags(8) virtual time(8) number(8) slice to set(8) virtual time to set(8)
 * </pre>
 */
final class ScxIterators {
    private static final int FLAGS = 8;
    private static final int TIME = 16;
    private static final int NUMBER = 24;
    private static final int NEW_SLICE = 32;
    private static final int NEW_TIME = 40;

    private static final long STARTED = 1L << 32;
    private static final long HAS_SLICE = 1L << 33;
    private static final long HAS_TIME = 1L << 34;

    private final EmulatedKernel kernel;
    private final DispatchQueues queues;

    ScxIterators(EmulatedKernel kernel) {
        this.kernel = kernel;
        queues = kernel.dispatchQueues();
    }

    void register(FunctionTable table) {
        table.kfunc("bpf_iter_scx_dsq_new", (run, iterator, id, flags, _, _) -> begin(run, iterator, id, flags));
        table.kfunc("bpf_iter_scx_dsq_next", (run, iterator, _, _, _, _) -> next(run, iterator));
        table.kfunc("bpf_iter_scx_dsq_destroy", (_, iterator, _, _, _, _) -> {
            GuestMemory.putLong(iterator, DispatchQueues.BUILTIN);
            return 0;
        });
        table.kfunc("scx_bpf_dsq_move_set_slice", (_, iterator, slice, _, _, _) -> {
            GuestMemory.putLong(iterator + NEW_SLICE, slice);
            return addFlag(iterator, HAS_SLICE);
        });
        table.kfunc("scx_bpf_dsq_move_set_vtime", (_, iterator, time, _, _, _) -> {
            GuestMemory.putLong(iterator + NEW_TIME, time);
            return addFlag(iterator, HAS_TIME);
        });
        table.kfunc(
                "scx_bpf_dsq_move", (run, iterator, task, id, flags, _) -> move(run, iterator, task, id, flags, false));
        table.kfunc(
                "scx_bpf_dsq_move_vtime",
                (run, iterator, task, id, flags, _) -> move(run, iterator, task, id, flags, true));
    }

    private long begin(Execution run, long iterator, long id, long flags) {
        GuestMemory.putLong(iterator, DispatchQueues.BUILTIN);
        GuestMemory.putLong(iterator + FLAGS, flags & DispatchQueues.REVERSE);
        if ((flags & ~DispatchQueues.REVERSE) != 0) {
            return -EINVAL;
        }
        if ((id & DispatchQueues.BUILTIN) != 0 || queues.count(run.cpu(), id) < 0) {
            return -ENOENT;
        }
        GuestMemory.putLong(iterator, id);
        return 0;
    }

    private long next(Execution run, long iterator) {
        long flags = GuestMemory.getLong(iterator + FLAGS);
        long[] place = {GuestMemory.getLong(iterator + TIME), GuestMemory.getLong(iterator + NUMBER)};
        boolean backwards = (flags & DispatchQueues.REVERSE) != 0;
        Task task = queues.next(run.cpu(), GuestMemory.getLong(iterator), (flags & STARTED) != 0, place, backwards);
        if (task == null) {
            return 0;
        }
        GuestMemory.putLong(iterator + TIME, place[0]);
        GuestMemory.putLong(iterator + NUMBER, place[1]);
        addFlag(iterator, STARTED);
        return kernel.tasks().address(task);
    }

    private static long addFlag(long iterator, long flag) {
        GuestMemory.putLong(iterator + FLAGS, GuestMemory.getLong(iterator + FLAGS) | flag);
        return 0;
    }

    private long move(Execution run, long iterator, long address, long to, long enqFlags, boolean byTime) {
        Task task = ScxKfuncs.task(kernel, address);
        long flags = GuestMemory.getLong(iterator + FLAGS);
        GuestMemory.putLong(iterator + FLAGS, flags & ~(HAS_SLICE | HAS_TIME));
        long time = (flags & HAS_TIME) != 0 ? GuestMemory.getLong(iterator + NEW_TIME) : 0;
        Order order = ScxKfuncs.order(byTime, time, enqFlags);
        return ScxKfuncs.orEnd(queues, () -> {
            boolean moved = queues.move(run.cpu(), task, GuestMemory.getLong(iterator), to, order);
            if (moved && (flags & HAS_SLICE) != 0) {
                kernel.tasks().slice(task, GuestMemory.getLong(iterator + NEW_SLICE));
            }
            return moved ? 1 : 0;
        });
    }
}
