package dev.spinbpf.vm.deferred;

import static dev.spinbpf.programs.linux.Errno.EBUSY;
import static dev.spinbpf.programs.linux.Errno.ECANCELED;
import static dev.spinbpf.programs.linux.Errno.EDEADLK;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.EOPNOTSUPP;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.FieldCanceller;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import dev.spinbpf.programs.btf.BtfField;
import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.Execution;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The calls that the programs of a machine put off, and the queues of its CPUs.
 *
 * <p>The first word of a {@code bpf_timer}, {@code bpf_wq} or {@code bpf_task_work} holds the number of its call, 0 as
 * long as there is none. A call is idle, queued, running, or running and queued again. What must hold:
 *
 * <ul>
 *   <li>A timer is in the queue of one CPU at most: the one that started it last. Its callback runs there, in a softirq
 *       that is not before its time. A callback that starts its own timer queues it again; it is not run twice at once.
 *   <li>{@code bpf_timer_cancel} leaves the timer without a callback, and its callback not running. So it waits for a
 *       callback on another CPU, unless that would never end: where the callback that runs here is its own, or where
 *       another callback waits for the one that runs here (-EDEADLK).
 *   <li>When an element goes away, its calls are dropped and its words are zero. A callback that runs then goes on; it
 *       finds the memory of the element, but can start nothing that belonged to it.
 * </ul>
 *
 * <p>Nothing here has a thread, and nothing watches the time: {@link Alarm} learns when the next timer is due, and
 * whoever runs a CPU calls {@link #runTimers} in a softirq and {@link #runWork} in a task. Each operation is one step
 * for the deterministic scheduler, with a schedule point before it; the wait in a cancellation is a loop of steps.
 */
public final class DeferredCalls implements FieldCanceller {
    /** Returned by {@link #nextDueNanos} where no timer waits. */
    public static final long NEVER = CallQueue.NEVER;

    private static final int CLOCK_REALTIME = 0;
    private static final int CLOCK_MONOTONIC = 1;
    private static final int CLOCK_BOOTTIME = 7;
    private static final long START_FLAGS = 3;
    private static final long START_ABSOLUTE = 1;
    private static final int CALLBACK_RUNS = -1;

    private final Cpus cpus;
    private final CallQueue[] queues;
    private final long[] keysByCpu;
    private final Map<Long, DeferredCall> callsByNumber = new HashMap<>();
    private final DeferredStats stats = new DeferredStats();
    private long lastNumber;
    private long lastSequence;
    private volatile Alarm alarm = Alarm.NONE;

    /** @param arena where keys are kept that no map stores */
    public DeferredCalls(Cpus cpus, GuestArena arena) {
        this.cpus = cpus;
        queues = new CallQueue[cpus.count()];
        keysByCpu = new long[cpus.count()];
        for (int i = 0; i < queues.length; i++) {
            queues[i] = new CallQueue();
            keysByCpu[i] = arena.allocate(2L * Long.BYTES);
        }
    }

    /** Says who makes CPUs look at their timers from now on. */
    public void setAlarm(Alarm value) {
        alarm = value;
    }

    /** Returns a row for each callback that was set. */
    public List<DeferredRow> rows() {
        return stats.rows();
    }

    // What is due.

    /** Returns the moment at which a CPU's next timer is due, or {@link #NEVER}; any thread may ask. */
    public long nextDueNanos(Cpu cpu) {
        return queues[cpu.id()].nextDueNanos();
    }

    /** Returns true where a timer of a CPU is due; reads the clock only where one waits. */
    public boolean isTimerDue(Cpu cpu) {
        long due = nextDueNanos(cpu);
        return due != NEVER && cpu.nanoTime() - due >= 0;
    }

    /** Returns true where work waits for a task of a CPU. */
    public boolean hasWork(Cpu cpu) {
        return queues[cpu.id()].workCount() > 0;
    }

    /** Runs the callbacks of a CPU's timers that are due now; in a softirq of the CPU. */
    public void runTimers(Cpu cpu, CallbackRunner runner) {
        CallQueue queue = queues[cpu.id()];
        if (queue.runningTimer != null || !isTimerDue(cpu)) {
            return;
        }
        long nowNanos = cpu.nanoTime();
        for (DeferredCall call = begin(cpu, queue, nowNanos); call != null; call = begin(cpu, queue, nowNanos)) {
            runTimer(cpu, queue, call, runner);
        }
        long next = queue.nextDueNanos();
        if (next != NEVER) {
            alarm.set(cpu, next);
        }
    }

    /**
     * Runs the callback of a CPU's next timer whether or not it is due; in a softirq of the CPU. For simulations, in which
     * a CPU may stand still for as long as it takes.
     */
    public void runNextTimer(Cpu cpu, CallbackRunner runner) {
        CallQueue queue = queues[cpu.id()];
        if (queue.runningTimer != null) {
            return;
        }
        DeferredCall call = begin(cpu, queue, NEVER - 1);
        if (call != null) {
            runTimer(cpu, queue, call, runner);
        }
    }

    private void runTimer(Cpu cpu, CallQueue queue, DeferredCall call, CallbackRunner runner) {
        queue.runningTimer = call;
        try {
            run(call, keysByCpu[cpu.id()], runner);
        } finally {
            queue.runningTimer = null;
        }
    }

    /** Forgets all calls, while no CPU runs and what is in maps is made as it was before there were any. */
    public synchronized void reset() {
        for (CallQueue queue : queues) {
            queue.clear();
        }
        callsByNumber.clear();
        lastNumber = 0;
        lastSequence = 0;
    }

    /** Runs the work that waits for a task of a CPU, at task level. What it puts off again waits until next time. */
    public void runWork(Cpu cpu, CallbackRunner runner) {
        CallQueue queue = queues[cpu.id()];
        for (int left = queue.workCount(); left > 0; left--) {
            DeferredCall call = begin(cpu, queue, NEVER);
            if (call == null) {
                return;
            }
            run(call, keysByCpu[cpu.id()] + Long.BYTES, runner);
        }
    }

    private @Nullable DeferredCall begin(Cpu cpu, CallQueue queue, long nowNanos) {
        step();
        synchronized (this) {
            DeferredCall call = nowNanos == NEVER ? queue.takeWork() : queue.takeTimer(nowNanos);
            if (call != null) {
                call.queuedOn = null;
                call.runningOn.setPlain(cpu.id() + 1);
            }
            return call;
        }
    }

    private void run(DeferredCall call, long scratch, CallbackRunner runner) {
        Code code;
        long function;
        synchronized (this) {
            code = call.code;
            function = call.function;
        }
        try {
            if (code != null) {
                stats.countRun(call.kind, code, function);
                long key = call.map.keyOfValue(call.value, scratch);
                runner.run(code, function, call.map.address(), key, call.value);
            }
        } finally {
            call.runningOn.setRelease(0);
        }
    }

    /** The calls of a machine are one word to a simulation, by which it also orders who puts off and who is called. */
    private void step() {
        SchedulePoint.reach(SharedAccess.READ_MODIFY_WRITE, this, 0, Integer.BYTES);
    }

    /** Accesses a word of a program as a part of a step: a simulation must not stop a strand that has the monitor. */
    private static long inStep(Supplier<Long> access) {
        return SchedulePoint.quietly(access);
    }

    // What programs do.

    private @Nullable DeferredCall at(long field) {
        return callsByNumber.get(inStep(() -> GuestWords.getLongOpaque(field)));
    }

    private DeferredCall make(long field, DeferredKind kind, BpfMap map) {
        DeferredCall call = new DeferredCall(kind, map, map.valueOf(field, kind.field()));
        callsByNumber.put(++lastNumber, call);
        long number = lastNumber;
        inStep(() -> {
            GuestWords.setLongRelease(field, number);
            return number;
        });
        return call;
    }

    /** {@code bpf_timer_init}. */
    public int initTimer(long timer, BpfMap map, long flags) {
        if (flags != CLOCK_REALTIME && flags != CLOCK_MONOTONIC && flags != CLOCK_BOOTTIME) {
            return -EINVAL;
        }
        return init(timer, DeferredKind.TIMER, map);
    }

    /** {@code bpf_wq_init}. */
    public int initWork(long work, BpfMap map, int flags) {
        return flags != 0 ? -EINVAL : init(work, DeferredKind.WQ, map);
    }

    private int init(long field, DeferredKind kind, BpfMap map) {
        step();
        synchronized (this) {
            if (at(field) != null) {
                return -EBUSY;
            }
            make(field, kind, map);
            return 0;
        }
    }

    /** {@code bpf_timer_set_callback} and {@code bpf_wq_set_callback}: of the program that runs. */
    public int setCallback(Execution run, long field, long function) {
        step();
        synchronized (this) {
            DeferredCall call = at(field);
            if (call == null) {
                return -EINVAL;
            }
            call.code = run.code();
            call.function = function;
            stats.add(call.kind, run.code(), function);
            return 0;
        }
    }

    /** {@code bpf_timer_start}. */
    public int startTimer(Cpu cpu, long timer, long nanos, long flags) {
        if ((flags & ~START_FLAGS) != 0) {
            return -EINVAL;
        }
        step();
        synchronized (this) {
            DeferredCall call = at(timer);
            if (call == null || call.code == null) {
                return -EINVAL;
            }
            dequeue(call);
            long now = cpu.nanoTime();
            call.dueNanos = (flags & START_ABSOLUTE) != 0 ? nanos : saturated(now, nanos);
            int running = call.runningOn.getPlain();
            enqueue(call, running == 0 ? cpu : cpus.get(running - 1));
            return 0;
        }
    }

    private static long saturated(long now, long nanos) {
        return nanos < 0 || now + nanos < now ? NEVER - 1 : now + nanos;
    }

    private void enqueue(DeferredCall call, Cpu cpu) {
        CallQueue queue = queues[cpu.id()];
        long before = queue.nextDueNanos();
        call.sequence = ++lastSequence;
        call.queuedOn = cpu;
        queue.add(call);
        Code code = call.code;
        if (code != null) {
            stats.countStart(call.kind, code, call.function);
        }
        if (call.kind == DeferredKind.TIMER && call.dueNanos < before) {
            alarm.set(cpu, call.dueNanos);
        }
    }

    /** Returns true where the call was queued. */
    private boolean dequeue(DeferredCall call) {
        Cpu cpu = call.queuedOn;
        if (cpu == null) {
            return false;
        }
        queues[cpu.id()].remove(call);
        call.queuedOn = null;
        return true;
    }

    /** {@code bpf_timer_cancel}: 1 where the timer was waiting, 0 where not, after its callback has ended. */
    public int cancelTimer(Cpu cpu, long timer) {
        if (cpu.inNmi()) {
            return -EOPNOTSUPP;
        }
        step();
        DeferredCall own = queues[cpu.id()].runningTimer;
        DeferredCall call;
        synchronized (this) {
            call = at(timer);
            if (call == null) {
                return -EINVAL;
            }
            if (call == own || own != null && own.cancelling.getPlain() > 0) {
                return -EDEADLK;
            }
            if (own != null) {
                call.cancelling.setPlain(call.cancelling.getPlain() + 1);
            }
            call.code = null;
        }
        boolean wasQueued = false;
        try {
            wasQueued = cancelAndWait(cpu, call);
        } finally {
            if (own != null) {
                synchronized (this) {
                    call.cancelling.setPlain(call.cancelling.getPlain() - 1);
                }
            }
        }
        return wasQueued ? 1 : 0;
    }

    private boolean cancelAndWait(Cpu cpu, DeferredCall call) {
        boolean wasQueued = false;
        for (int turns = 0; ; turns++) {
            step();
            synchronized (this) {
                wasQueued |= dequeue(call);
                if (call.runningOn.getPlain() == 0) {
                    return wasQueued;
                }
            }
            SchedulePoint.reach(SharedAccess.WAIT, call.runningOn, 0, Integer.BYTES);
            cpu.relax(turns);
            cpu.poll();
        }
    }

    /**
     * {@code bpf_timer_cancel_async}: does not wait, and leaves the callback set.
     *
     * @return 1 where the timer was waiting, 0 where not, -1 where its callback runs; -ECANCELED where Linux cancels it a
     *     moment later, which is in hardirqs, NMIs and while interrupts are disabled
     */
    public int cancelTimerAsync(Cpu cpu, long timer) {
        step();
        synchronized (this) {
            DeferredCall call = at(timer);
            if (call == null) {
                return -EINVAL;
            }
            boolean later = cpu.level().compareTo(ContextLevel.HARDIRQ) >= 0 || !cpu.irqsEnabled();
            if (call.runningOn.getPlain() != 0 && !later) {
                return CALLBACK_RUNS;
            }
            boolean wasQueued = dequeue(call);
            return later ? -ECANCELED : wasQueued ? 1 : 0;
        }
    }

    /** {@code bpf_wq_start}. */
    public int startWork(Cpu cpu, long work, int flags) {
        step();
        synchronized (this) {
            DeferredCall call = at(work);
            if (call == null || flags != 0 || call.code == null) {
                return -EINVAL;
            }
            if (call.queuedOn == null) {
                enqueue(call, cpu);
            }
            return 0;
        }
    }

    /**
     * {@code bpf_task_work_schedule_signal} and {@code _resume}.
     *
     * @param task the CPU that runs the task
     */
    public int scheduleTaskWork(Execution run, Cpu task, long work, BpfMap map, long function) {
        step();
        synchronized (this) {
            DeferredCall call = at(work);
            if (call == null) {
                call = make(work, DeferredKind.TASK_WORK, map);
            }
            if (call.queuedOn != null || call.runningOn.getPlain() != 0) {
                return -EBUSY;
            }
            call.code = run.code();
            call.function = function;
            stats.add(DeferredKind.TASK_WORK, run.code(), function);
            enqueue(call, task);
            return 0;
        }
    }

    // What goes away.

    @Override
    public void cancel(Cpu cpu, BpfMap map, long value) {
        for (BtfField field : map.layout().record().fields()) {
            if (DeferredKind.isKept(field.kind())) {
                free(value + field.offset());
            }
        }
    }

    private void free(long field) {
        step();
        synchronized (this) {
            DeferredCall call = callsByNumber.remove(inStep(() -> GuestWords.getAndSetLong(field, 0)));
            if (call != null) {
                drop(call);
            }
        }
    }

    /** Drops all calls of a map that goes away. No CPU may run one of their callbacks. */
    public synchronized void forget(BpfMap map) {
        callsByNumber.values().stream().filter(call -> call.map == map).forEach(this::drop);
        callsByNumber.values().removeIf(call -> call.map == map);
    }

    private void drop(DeferredCall call) {
        dequeue(call);
        call.code = null;
    }
}
