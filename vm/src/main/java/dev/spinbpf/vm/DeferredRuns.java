package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.vm.context.CpuContext;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.deferred.Alarm;
import dev.spinbpf.vm.deferred.CallbackRunner;
import dev.spinbpf.vm.deferred.DeferredCalls;
import dev.spinbpf.vm.deferred.DeferredRow;
import java.util.List;

/**
 * Runs the callbacks of timers, work queues and task work on the CPUs of a machine.
 *
 * <p>On a CPU that nobody keeps busy, timers that are due interrupt the program that runs at the next poll point, unless
 * it runs in a softirq itself; what is due after a program's end runs then. A stress run has a clock of its own.
 */
public final class DeferredRuns {
    private final DeferredCalls calls;
    private final Cpus cpus;
    private final List<LoadedProgram> programs;

    DeferredRuns(DeferredCalls calls, Cpus cpus, List<LoadedProgram> programs) {
        this.calls = calls;
        this.cpus = cpus;
        this.programs = programs;
    }

    /** Returns a row for each callback that was set. */
    public List<DeferredRow> rows() {
        return calls.rows();
    }

    /** Returns the moment at which a CPU's next timer is due, or {@link DeferredCalls#NEVER}; any thread may ask. */
    public long nextDueNanos(Cpu cpu) {
        return calls.nextDueNanos(cpu);
    }

    /** Says who makes CPUs take a softirq when a timer is due. */
    public void setAlarm(Alarm alarm) {
        calls.setAlarm(alarm);
    }

    /** Makes a CPU look at its timers by itself, as long as nobody keeps it busy. */
    public void idle(CpuContext context) {
        Cpu cpu = context.cpu();
        cpu.setInterruptHandler((at, level) -> runTimers(context, level));
        context.pollPoint(run -> raiseDue(cpu));
    }

    private void raiseDue(Cpu cpu) {
        if (cpu.level() == ContextLevel.TASK && calls.isTimerDue(cpu)) {
            cpu.raise(ContextLevel.SOFTIRQ);
        }
    }

    /** Runs the timers of a CPU that are due, if the interrupt is a softirq. */
    public void runTimers(CpuContext context, ContextLevel level) {
        if (level == ContextLevel.SOFTIRQ) {
            calls.runTimers(context.cpu(), runner(context));
        }
    }

    /** Returns true where a timer waits on a CPU, due or not. */
    public boolean hasTimer(Cpu cpu) {
        return calls.nextDueNanos(cpu) != DeferredCalls.NEVER;
    }

    /** Returns true where work waits for a task of a CPU. */
    public boolean hasWork(Cpu cpu) {
        return calls.hasWork(cpu);
    }

    /** Runs the next timer of a CPU, due or not, in a softirq. */
    public void runNextTimer(CpuContext context) {
        calls.runNextTimer(context.cpu(), runner(context));
    }

    /** Forgets all calls. */
    void reset() {
        calls.reset();
    }

    /** Runs the work that waits for a task of a CPU; at task level, on top of nothing. */
    public void runWork(CpuContext context) {
        if (calls.hasWork(context.cpu())) {
            calls.runWork(context.cpu(), runner(context));
        }
    }

    /** Runs all that is due on a CPU whose program has ended. */
    void runDue(CpuContext context) {
        Cpu cpu = context.cpu();
        if (!calls.hasWork(cpu) && !calls.isTimerDue(cpu)) {
            return;
        }
        ContextLevel level = cpu.level();
        cpu.leave(ContextLevel.TASK);
        try {
            raiseDue(cpu);
            cpu.poll();
            runWork(context);
        } finally {
            cpu.leave(level);
        }
    }

    private CallbackRunner runner(CpuContext context) {
        return (code, function, map, key, value) -> {
            LoadedProgram program = programs.stream()
                    .filter(loaded -> loaded.code() == code)
                    .findFirst()
                    .orElse(null);
            if (program != null) {
                context.runCallback(program, function, map, key, value);
            }
        };
    }

    /**
     * Lets callbacks run until none waits, for as long as allowed. No CPU may be kept busy meanwhile.
     *
     * @param contexts the CPUs
     * @param mostNanos how long on the machine's clock
     * @return the time until the first timer that still waits, in nanoseconds; -1 where nothing waits
     */
    long settle(List<CpuContext> contexts, long mostNanos) {
        Clock clock = cpus.clock();
        long endNanos = clock.nanoTime() + mostNanos;
        while (true) {
            contexts.forEach(this::runDue);
            long next = next();
            long now = clock.nanoTime();
            if (next == DeferredCalls.NEVER && !hasWork()) {
                return -1;
            }
            if (now - endNanos >= 0) {
                return Math.max(0, next - now);
            }
            if (!hasWork() && next - now > 0) {
                clock.await(Math.min(next, endNanos));
            }
        }
    }

    private long next() {
        long next = DeferredCalls.NEVER;
        for (Cpu cpu : cpus.all()) {
            next = Math.min(next, calls.nextDueNanos(cpu));
        }
        return next;
    }

    private boolean hasWork() {
        return cpus.all().stream().anyMatch(calls::hasWork);
    }
}
