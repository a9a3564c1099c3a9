package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EINVAL;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.deferred.DeferredCalls;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.TrapException;

/** Timers, work queues and task work. */
final class DeferredHelpers {
    private DeferredHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        DeferredCalls calls = kernel.deferred();
        table.helper("bpf_timer_init", (_, timer, map, flags, _, _) -> calls.initTimer(timer, kernel.map(map), flags));
        table.helper(
                "bpf_timer_set_callback", (run, timer, function, _, _, _) -> calls.setCallback(run, timer, function));
        table.helper(
                "bpf_timer_start",
                (run, timer, nanos, flags, _, _) -> calls.startTimer(run.cpu(), timer, nanos, flags));
        table.helper("bpf_timer_cancel", (run, timer, _, _, _, _) -> calls.cancelTimer(run.cpu(), timer));
        table.kfunc("bpf_timer_cancel_async", (run, timer, _, _, _, _) -> calls.cancelTimerAsync(run.cpu(), timer));
        table.kfunc("bpf_wq_init", (_, work, map, flags, _, _) -> calls.initWork(work, kernel.map(map), (int) flags));
        for (String suffix : new String[] {"", "_impl"}) {
            table.kfunc(
                    "bpf_wq_set_callback" + suffix,
                    (run, work, function, flags, _, _) ->
                            (int) flags != 0 ? -EINVAL : calls.setCallback(run, work, function));
            for (String when : new String[] {"signal", "resume"}) {
                table.kfunc(
                        "bpf_task_work_schedule_" + when + suffix,
                        (run, task, work, map, function, _) -> schedule(kernel, run, task, work, map, function));
            }
        }
        table.kfunc("bpf_wq_start", (run, work, flags, _, _, _) -> calls.startWork(run.cpu(), work, (int) flags));
    }

    private static long schedule(EmulatedKernel kernel, Execution run, long task, long work, long map, long function) {
        Cpu cpu = kernel.tasks().cpuOf(task);
        if (cpu == null) {
            throw new TrapException("0x" + Long.toHexString(task) + " is not a task that runs here");
        }
        return kernel.deferred().scheduleTaskWork(run, cpu, work, kernel.map(map), function);
    }
}
