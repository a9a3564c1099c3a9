package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TrapException;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.DispatchQueues.MistakeException;
import dev.spinbpf.vm.task.DispatchQueues.Order;
import dev.spinbpf.vm.task.Task;
import java.nio.charset.StandardCharsets;

/**
 * Kfuncs of {@code sched_ext} over the machine's {@link DispatchQueues}. Where Linux would end the scheduler and name the
 * reason, the run that made the mistake ends with a fault, and the scheduler too.
 */
final class ScxKfuncs {
    private static final long ENQ_HEAD = 1L << 4;
    private static final int MOST_IN_DISPATCH = 32;

    /** Layout of {@code struct scx_bpf_dsq_insert_vtime_args}. */
    private static final int ARGS_SLICE = 8;

    private static final int ARGS_VTIME = 16;
    private static final int ARGS_FLAGS = 24;

    private final EmulatedKernel kernel;
    private final DispatchQueues queues;

    /** Work on the queues. */
    @FunctionalInterface
    interface Work {
        long run() throws MistakeException;
    }

    private ScxKfuncs(EmulatedKernel kernel) {
        this.kernel = kernel;
        queues = kernel.dispatchQueues();
    }

    static void register(FunctionTable table, EmulatedKernel kernel) {
        ScxKfuncs scx = new ScxKfuncs(kernel);
        scx.registerQueues(table);
        scx.registerInsertions(table);
        scx.registerTasks(table);
        scx.registerEnds(table);
        new ScxIterators(kernel).register(table);
        new ScxCpus(kernel).register(table);
    }

    /** Does some work; a mistake ends the scheduler. */
    static long orEnd(DispatchQueues queues, Work work) {
        try {
            return work.run();
        } catch (MistakeException e) {
            throw ended(queues, String.valueOf(e.getMessage()));
        }
    }

    static TrapException ended(DispatchQueues queues, String reason) {
        queues.end(reason);
        return new TrapException("Linux ends the scheduler here: " + reason);
    }

    static Task task(EmulatedKernel kernel, long address) {
        Task task = kernel.tasks().at(address);
        if (task == null) {
            throw new TrapException("0x" + Long.toHexString(address) + " is not a task");
        }
        return task;
    }

    private void registerQueues(FunctionTable table) {
        table.kfunc("scx_bpf_create_dsq", (_, id, _, _, _, _) -> queues.create(id));
        table.kfunc(
                "scx_bpf_destroy_dsq",
                (_, id, _, _, _, _) -> orEnd(queues, () -> {
                    queues.destroy(id);
                    return 0;
                }));
        table.kfunc("scx_bpf_dsq_nr_queued", (run, id, _, _, _, _) -> queues.count(run.cpu(), id));
        table.kfunc("scx_bpf_dsq_peek", (_, id, _, _, _, _) -> TaskKfuncs.address(kernel, queues.first(id)));
        for (String name : new String[] {"scx_bpf_dsq_move_to_local", "scx_bpf_dsq_move_to_local___v2"}) {
            table.kfunc(name, (run, id, _, _, _, _) -> orEnd(queues, () -> queues.moveToLocal(run.cpu(), id) ? 1 : 0));
        }
        table.kfunc("scx_bpf_reenqueue_local", (run, _, _, _, _, _) -> queues.reenqueue(run.cpu()));
        table.kfunc("scx_bpf_reenqueue_local___v2", (run, _, _, _, _, _) -> {
            queues.reenqueue(run.cpu());
            return 0;
        });
        table.kfunc("scx_bpf_dispatch_nr_slots", (_, _, _, _, _, _) -> MOST_IN_DISPATCH);
        table.kfunc("scx_bpf_dispatch_cancel", (run, _, _, _, _, _) -> {
            queues.cancelLast(run.cpu());
            return 0;
        });
    }

    private void registerInsertions(FunctionTable table) {
        for (String name : new String[] {"scx_bpf_dsq_insert", "scx_bpf_dsq_insert___v2"}) {
            table.kfunc(name, (run, task, id, slice, flags, _) -> insert(run, task, id, slice, order(false, 0, flags)));
        }
        table.kfunc(
                "scx_bpf_dsq_insert_vtime",
                (run, task, id, slice, time, flags) -> insert(run, task, id, slice, order(true, time, flags)));
        table.kfunc(
                "__scx_bpf_dsq_insert_vtime",
                (run, task, args, _, _, _) -> insert(
                        run,
                        task,
                        GuestMemory.getLong(args),
                        GuestMemory.getLong(args + ARGS_SLICE),
                        order(true, GuestMemory.getLong(args + ARGS_VTIME), GuestMemory.getLong(args + ARGS_FLAGS))));
    }

    /** Returns the place that a program wants for a task, by the flags of its call. */
    static Order order(boolean byTime, long virtualTime, long enqFlags) {
        return new Order(byTime, virtualTime, (enqFlags & ENQ_HEAD) != 0);
    }

    private long insert(Execution run, long address, long id, long slice, Order order) {
        Task task = task(kernel, address);
        return orEnd(queues, () -> {
            boolean inserted = queues.insert(run.cpu(), task, id, order);
            if (inserted && slice != 0) {
                kernel.tasks().slice(task, slice);
            }
            if (inserted && order.byTime()) {
                kernel.tasks().virtualTime(task, order.virtualTime());
            }
            return inserted ? 1 : 0;
        });
    }

    private void registerTasks(FunctionTable table) {
        for (String name : new String[] {"scx_bpf_task_cpu", "scx_bpf_task_cid"}) {
            table.kfunc(name, (_, task, _, _, _, _) -> task(kernel, task).cpu());
        }
        table.kfunc("scx_bpf_task_running", (_, task, _, _, _, _) -> isRunning(task(kernel, task)) ? 1 : 0);
        table.kfunc(
                "scx_bpf_task_cgroup",
                (_, task, _, _, _, _) -> task(kernel, task).cgroup().address());
        table.kfunc("scx_bpf_task_set_slice", (_, task, slice, _, _, _) -> {
            kernel.tasks().slice(task(kernel, task), slice);
            return 1;
        });
        table.kfunc("scx_bpf_task_set_dsq_vtime", (_, task, time, _, _, _) -> {
            kernel.tasks().virtualTime(task(kernel, task), time);
            return 1;
        });
        table.kfunc("scx_bpf_tid_to_task", (_, tid, _, _, _, _) -> {
            Task found = tid >>> 32 == 0 ? kernel.tasks().ofPid((int) tid) : null;
            return TaskKfuncs.address(kernel, found);
        });
    }

    private boolean isRunning(Task task) {
        return task.cpu() >= 0 && kernel.tasks().current(kernel.cpus().get(task.cpu())) == task;
    }

    private void registerEnds(FunctionTable table) {
        table.kfunc("scx_bpf_error_bstr", (_, format, data, size, _, _) -> {
            throw ended(queues, text(format, data, size));
        });
        table.kfunc("scx_bpf_exit_bstr", (_, _, format, data, size, _) -> {
            queues.end(text(format, data, size));
            return 0;
        });
        table.kfunc("scx_bpf_dump_bstr", (run, format, data, size, _, _) -> {
            run.code().out().write(text(format, data, size).getBytes(StandardCharsets.UTF_8));
            return 0;
        });
    }

    private static String text(long format, long data, long size) {
        byte[] text = PrintHelpers.formatted(format, data, size & 0xffff_ffffL);
        return text == null ? "its message has no valid format" : new String(text, StandardCharsets.UTF_8);
    }
}
