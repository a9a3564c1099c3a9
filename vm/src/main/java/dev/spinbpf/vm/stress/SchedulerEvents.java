package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.task.DispatchQueues;
import dev.spinbpf.vm.task.Task;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A small load of tasks under the scheduler that an object's programs make up ({@code sched_ext_ops}). Tasks wake, run for
 * a while, lose their CPU or sleep again, and Linux's calls are made for that in Linux's order:
 *
 * <pre>
 *   at the begin     init, for each task init_task and enable
 *   a task wakes     select_cpu, runnable, enqueue (not where select_cpu dispatched it)
 *   a CPU is free    dispatch (where no task waits for it), running
 *   a tick           tick, as a timer interrupt
 *   a slice is over  dispatch, stopping(runnable), enqueue; running for the next task
 *   a task sleeps    stopping, quiescent, dispatch; running for the next one
 *   no task          update_idle
 *   at the end       for each task disable and exit_task, then exit
 * </pre>
 *
 * <p>All but the first and last are called with interrupts off, and those about a CPU's tasks under its run queue's lock:
 * two CPUs are never in {@code enqueue} or {@code dispatch} for one and the same CPU.
 */
final class SchedulerEvents implements StructEvents {
    static final String STRUCT = "sched_ext_ops";

    private static final int TASKS_A_CPU = 4;
    private static final int FIRST_PID = 2000;
    private static final long ENQ_WAKEUP = 1;
    private static final long DEQ_SLEEP = 1;
    private static final long WAKE_TTWU = 8;
    private static final int MOST_WAKE_UPS = 2;

    private final Machine machine;
    private final DispatchQueues queues;
    private final Tasks tasks;
    private final StructMembers members = new StructMembers();
    private final SplittableRandom[] randomByCpu;
    private final AtomicBoolean[] runQueueLocks;
    private final Task[] runningByCpu;
    private final boolean[] idleByCpu;
    private final AtomicInteger phase = new AtomicInteger();
    private final BooleanSupplier stopping;
    private volatile List<Task> scheduled = List.of();
    private volatile boolean isEnding;

    private static final int NEW = 0;
    private static final int BEGINNING = 1;
    private static final int RUNNING = 2;
    private static final int OVER = 3;

    SchedulerEvents(Machine machine, long seed, BooleanSupplier stopping) {
        this.machine = machine;
        this.stopping = stopping;
        queues = machine.dispatchQueues();
        tasks = machine.tasks();
        int cpus = machine.cpus().count();
        SplittableRandom random = new SplittableRandom(seed);
        randomByCpu = new SplittableRandom[cpus];
        Arrays.setAll(randomByCpu, cpu -> random.split());
        runQueueLocks = new AtomicBoolean[cpus];
        Arrays.setAll(runQueueLocks, cpu -> new AtomicBoolean());
        runningByCpu = new Task[cpus];
        idleByCpu = new boolean[cpus];
    }

    @Override
    public boolean add(String member, LoadedProgram program) {
        return members.add(member, program);
    }

    @Override
    public void remove(LoadedProgram program) {
        members.remove(program);
    }

    @Override
    public boolean schedules() {
        return phase.get() == RUNNING;
    }

    @Override
    public boolean step(Cpu cpu) {
        if (phase.get() == NEW && phase.compareAndSet(NEW, BEGINNING)) {
            phase.set(begin(cpu) ? RUNNING : OVER);
            return true;
        }
        if (phase.get() != RUNNING) {
            return false;
        }
        if (!queues.ended().isEmpty()) {
            phase.compareAndSet(RUNNING, OVER);
            leave(cpu);
            return true;
        }
        boolean woke = wakeSome(cpu);
        Task returned = queues.arriveReturned();
        if (returned != null) {
            onRunQueue(cpu, returned.cpu(), () -> enqueue(cpu, returned, 0));
        }
        Task running = runningByCpu[cpu.id()];
        SplittableRandom random = randomByCpu[cpu.id()];
        if (running != null && random.nextBoolean()) {
            tick(cpu, running);
            return true;
        }
        onRunQueue(cpu, cpu.id(), () -> schedule(cpu, running, random.nextBoolean()));
        return woke || runningByCpu[cpu.id()] != null;
    }

    // The begin and the end.

    private boolean begin(Cpu cpu) {
        if (call(cpu, "init") != 0) {
            return false;
        }
        List<Task> declared = tasks.declared();
        List<Task> load = declared.isEmpty() ? usualLoad() : declared;
        for (Task task : load) {
            long address = tasks.address(task);
            if (call(cpu, "init_task", address, machine.context(cpu.id()).emptyObject()) != 0) {
                return false;
            }
            call(cpu, "enable", address);
            queues.adopt(task);
        }
        scheduled = load;
        return true;
    }

    private List<Task> usualLoad() {
        List<Task> load = new ArrayList<>();
        for (int i = 0; i < TASKS_A_CPU * runningByCpu.length; i++) {
            Task task = tasks.add(TaskSpec.of(FIRST_PID + i, "work/" + i));
            tasks.move(task, i % runningByCpu.length);
            load.add(task);
        }
        return List.copyOf(load);
    }

    @Override
    public void end(Cpu cpu) {
        if (phase.get() < RUNNING) {
            return;
        }
        isEnding = true;
        for (Task task : scheduled) {
            call(cpu, "disable", tasks.address(task));
            call(
                    cpu,
                    "exit_task",
                    tasks.address(task),
                    machine.context(cpu.id()).emptyObject());
        }
        call(cpu, "exit", machine.context(cpu.id()).emptyObject());
    }

    /** Takes the CPU from the task that it runs for the scheduler, which has ended. */
    private void leave(Cpu cpu) {
        runningByCpu[cpu.id()] = null;
        tasks.idle(cpu);
    }

    // Waking.

    private boolean wakeSome(Cpu cpu) {
        SplittableRandom random = randomByCpu[cpu.id()];
        boolean woke = false;
        for (int i = random.nextInt(MOST_WAKE_UPS + 1); i > 0 && !scheduled.isEmpty(); i--) {
            Task task = scheduled.get(random.nextInt(scheduled.size()));
            if (queues.wake(task)) {
                wake(cpu, task);
                woke = true;
            }
        }
        return woke;
    }

    private void wake(Cpu cpu, Task task) {
        long flags = cpu.irqSave();
        try {
            long chosen = members.get("select_cpu") == null
                    ? task.cpu()
                    : call(cpu, "select_cpu", tasks.address(task), task.cpu(), WAKE_TTWU);
            boolean isCpu = chosen >= 0 && chosen < runningByCpu.length;
            if (!isCpu && chosen != CpuContext.NO_RESULT) {
                queues.end("select_cpu returned " + chosen + ", which is no CPU");
            }
            if (isCpu) {
                tasks.move(task, (int) chosen);
            }
        } finally {
            cpu.irqRestore(flags);
        }
        onRunQueue(cpu, task.cpu(), () -> {
            call(cpu, "runnable", tasks.address(task), ENQ_WAKEUP);
            enqueue(cpu, task, ENQ_WAKEUP);
        });
    }

    /** Hands over a task that arrives, unless it has been dispatched already. */
    private void enqueue(Cpu cpu, Task task, long flags) {
        boolean owned = false;
        if (!queues.isDispatched(task) && members.get("enqueue") != null) {
            call(cpu, "enqueue", tasks.address(task), flags);
            owned = true;
        }
        queues.arrived(task, owned);
    }

    // Running.

    private void tick(Cpu cpu, Task task) {
        long flags = cpu.irqSave();
        ContextLevel previous = cpu.enter(ContextLevel.HARDIRQ);
        try {
            call(cpu, "tick", tasks.address(task));
        } finally {
            cpu.leave(previous);
            cpu.irqRestore(flags);
        }
    }

    private void schedule(Cpu cpu, @Nullable Task previous, boolean sleeps) {
        if (previous != null && sleeps) {
            call(cpu, "stopping", tasks.address(previous), 0);
            call(cpu, "quiescent", tasks.address(previous), DEQ_SLEEP);
            queues.sleep(previous);
        }
        Task next = queues.take(cpu);
        if (next == null) {
            call(cpu, "dispatch", cpu.id(), previous == null ? 0 : tasks.address(previous));
            next = queues.take(cpu);
        }
        if (next == null && previous != null && !sleeps) {
            return; // the only task goes on
        }
        if (previous != null && !sleeps) {
            call(cpu, "stopping", tasks.address(previous), 1);
            if (queues.arrive(previous)) {
                enqueue(cpu, previous, 0);
            }
        }
        take(cpu, next);
    }

    private void take(Cpu cpu, @Nullable Task next) {
        runningByCpu[cpu.id()] = next;
        boolean isIdle = next == null;
        if (isIdle != idleByCpu[cpu.id()]) {
            idleByCpu[cpu.id()] = isIdle;
            long bit = 1L << cpu.id();
            queues.idleCpus().getAndUpdate(bits -> isIdle ? bits | bit : bits & ~bit);
            call(cpu, "update_idle", cpu.id(), isIdle ? 1 : 0);
        }
        if (next == null) {
            tasks.idle(cpu);
            return;
        }
        tasks.move(next, cpu.id());
        tasks.run(cpu, next);
        call(cpu, "running", tasks.address(next));
    }

    // Calls.

    /** Does something with interrupts off and the lock of a CPU's run queue held. */
    private void onRunQueue(Cpu cpu, int of, Runnable work) {
        long flags = cpu.irqSave();
        AtomicBoolean lock = runQueueLocks[Math.max(0, of)];
        try {
            int turns = 0;
            while (!lock.compareAndSet(false, true)) {
                if (stopping.getAsBoolean()) {
                    return;
                }
                cpu.relax(turns++);
            }
            try {
                work.run();
            } finally {
                lock.set(false);
            }
        } finally {
            cpu.irqRestore(flags);
        }
    }

    /** Calls a member; 0 where it has no program. A run that stops breaks calls off, and what follows on them is left out. */
    private long call(Cpu cpu, String member, long... arguments) {
        LoadedProgram program = members.get(member);
        if (program == null) {
            return 0;
        }
        if (stopping.getAsBoolean() && !isEnding) {
            return CpuContext.NO_RESULT;
        }
        long result = machine.context(cpu.id()).call(program, arguments);
        return result == CpuContext.NO_RESULT ? result : (int) result;
    }
}
