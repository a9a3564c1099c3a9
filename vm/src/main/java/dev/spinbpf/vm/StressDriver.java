package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.stress.InterruptSource;
import dev.spinbpf.vm.stress.LockRow;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Keeps all CPUs of a machine busy: each on a thread of its own runs tasks, while packets, timers and NMIs land on it, and
 * everything that is attached runs.
 *
 * <p>Soft and hard interrupts land after a random number of the running program's poll points, chosen by the seed. NMIs and
 * timer interrupts are raised by threads of their own, so that they land wherever the CPU happens to be, inside a lock's slow path as
 * well.
 */
public final class StressDriver {
    /** How long a CPU may take to come to an end when it is told to stop. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final Machine machine;
    private final StressOptions options;
    private final List<LoadedProgram> attached = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final List<String> stuck = new ArrayList<>();
    private volatile boolean stopping;
    private volatile @Nullable Throwable failure;
    private volatile long startNanos;
    private volatile long endNanos;

    /** Attach programs to the machine's hooks before {@link #start}. */
    public StressDriver(Machine machine, StressOptions options) {
        this.machine = machine;
        this.options = options;
        for (LoadedProgram program : machine.programs()) {
            if (machine.isAttached(program)) {
                attached.add(program);
            }
        }
        machine.addFaultListener(fault -> {
            synchronized (faults) {
                if (faults.size() < StressReport.MAX_FAULTS) {
                    faults.add(fault);
                }
            }
        });
    }

    /** Starts all CPUs; returns at once. */
    public void start() {
        startNanos = System.nanoTime();
        SplittableRandom seeds = new SplittableRandom(options.seed());
        for (Cpu cpu : machine.cpus().all()) {
            StressCpu loop = new StressCpu(machine, cpu, seeds.split(), () -> stopping);
            threads.add(thread("cpu" + cpu.id(), loop::run));
        }
        interrupts(ContextLevel.NMI, options.nmiEvery(), seeds.split());
        interrupts(ContextLevel.HARDIRQ, options.hardirqEvery(), seeds.split());
        threads.forEach(Thread::start);
    }

    private Thread thread(String name, Runnable body) {
        return Thread.ofPlatform().daemon().name("spinbpf-" + name).unstarted(() -> {
            try {
                body.run();
            } catch (RuntimeException | Error e) {
                failure = e;
                stopping = true;
            }
        });
    }

    private void interrupts(ContextLevel level, Duration every, SplittableRandom random) {
        var source = new InterruptSource(level, every, machine.cpus().all(), random);
        threads.add(thread(level.name().toLowerCase(Locale.ROOT), () -> source.run(() -> stopping)));
    }

    /** Starts, waits until the duration is over or {@link #stop} is called, and reports. */
    public StressReport run() throws InterruptedException {
        start();
        long durationNanos = options.duration().compareTo(StressOptions.FOREVER) == 0
                ? Long.MAX_VALUE
                : options.duration().toNanos();
        while (!stopping && System.nanoTime() - startNanos < durationNanos) {
            Thread.sleep(Math.clamp((durationNanos - (System.nanoTime() - startNanos)) / 1_000_000, 1, 20));
        }
        return finish();
    }

    /** Tells all CPUs to stop; {@link #run} then returns. Any thread may call it. */
    public void stop() {
        stopping = true;
    }

    /**
     * Stops all CPUs and reports. Returns within {@link #STOP_LIMIT} even where a CPU hangs, which the report then says.
     *
     * @throws IllegalStateException where a CPU's thread died, with the reason
     */
    public StressReport finish() throws InterruptedException {
        stopping = true;
        long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
        for (Thread thread : threads) {
            thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            if (thread.isAlive()) {
                StackTraceElement[] stack = thread.getStackTrace();
                stuck.add(thread.getName() + " did not stop: " + (stack.length == 0 ? "" : "in " + stack[0]));
            }
        }
        endNanos = System.nanoTime();
        Throwable reason = failure;
        if (reason != null) {
            throw new IllegalStateException("a stress thread died: " + reason, reason);
        }
        return snapshot();
    }

    /** What has happened so far. Any thread may call it, at any time. */
    public StressReport snapshot() {
        List<Fault> seen;
        synchronized (faults) {
            seen = List.copyOf(faults);
        }
        long end = endNanos == 0 ? System.nanoTime() : endNanos;
        return new StressReport(
                startNanos == 0 ? 0 : end - startNanos,
                machine.cpus().count(),
                Runtime.getRuntime().availableProcessors(),
                options.seed(),
                StressSnapshot.programs(attached),
                LockRow.of(machine.lockStats().classes(), machine.cpus().count()),
                StressSnapshot.interrupts(machine.cpus().all()),
                seen,
                List.copyOf(stuck));
    }
}
