package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.tools.metrics.Activity;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The machine of an engine and the workload on it. What changes it is called under the engine's lock. */
public final class EngineRun {
    private static final long MOST_WAIT_NANOS = 5_000_000_000L;
    private static final long LOOK_MILLIS = 20;

    private final FailureLog failures;
    private final ServedPromises promises;
    private volatile ProgramWorkload base;
    private volatile WorkloadRun run;
    private volatile Phase phase = Phase.READY;
    private @Nullable Thread watcher;

    /** Phases of a workload. */
    public enum Phase {
        /** It has not begun. */
        READY,
        RUNNING,
        /** It was stopped, or its time is over. */
        STOPPED,
        /** A CPU's thread died, or did not stop, or a promise was broken. */
        FAILED
    }

    EngineRun(FailureLog failures, ServedPromises promises, ProgramWorkload workload) throws Refusal {
        this.failures = failures;
        this.promises = promises;
        base = numbersOf(workload, null);
        run = prepare(base);
        forgetOutcomes();
    }

    private void forgetOutcomes() {
        promises.set(PromiseRow.unchecked(base.promises(), "the run has not ended"));
    }

    /** Returns a workload without its objects and what is said of them, which the engine reads itself. */
    static ProgramWorkload numbersOf(ProgramWorkload w, @Nullable NamedFile kernelTypes) {
        return new ProgramWorkload(
                w.cpus(),
                w.lock(),
                w.seed(),
                w.duration(),
                w.heldTimesInterval(),
                w.nmis(),
                w.hardirqs(),
                kernelTypes,
                List.of(),
                List.of(),
                w.delays(),
                List.of(),
                w.packets(),
                w.promises(),
                w.tasks());
    }

    private WorkloadRun prepare(ProgramWorkload workload) throws Refusal {
        try {
            WorkloadRun fresh = WorkloadRun.prepare(workload.withPromises(List.of()));
            fresh.machine().lockStats().addListener(failures);
            fresh.driver().timeRuns();
            return fresh;
        } catch (WorkloadException e) {
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        }
    }

    /** Returns the present machine, to look at; only the engine changes it. */
    public Machine machine() {
        return run.machine();
    }

    StressDriver driver() {
        return run.driver();
    }

    public Phase phase() {
        return phase;
    }

    /** Returns the numbers of the workload. */
    public ProgramWorkload workload() {
        return base;
    }

    /** Returns the present machine as metrics see it. */
    public Activity activity() {
        return Activity.of(run.driver());
    }

    /** Returns a report of the run so far. */
    public StressReport snapshot() {
        return run.snapshot();
    }

    boolean isRunning() {
        return phase == Phase.RUNNING;
    }

    /** Returns the workload as a change. */
    public Change.Workload change() {
        boolean forever = base.duration().compareTo(StressOptions.FOREVER) == 0;
        return new Change.Workload(isRunning(), forever ? -1 : base.duration().toMillis(), base.seed());
    }

    /**
     * Starts the workload.
     *
     * @param objects all objects; their loaded programs are on the machine that it starts on
     */
    void start(@Nullable Long durationMillis, @Nullable Long seed, List<ServedObject> objects) throws Refusal {
        if (isRunning()) {
            throw new Refusal(Kind.CONFLICT, "the workload runs already");
        }
        ProgramWorkload wanted = base;
        if (durationMillis != null) {
            wanted =
                    wanted.withDuration(durationMillis < 0 ? StressOptions.FOREVER : Duration.ofMillis(durationMillis));
        }
        if (seed != null) {
            wanted = wanted.withSeed(seed);
        }
        if (phase != Phase.READY || !wanted.equals(base)) {
            swap(renewal(wanted, objects), wanted);
        }
        begin();
    }

    private void begin() {
        WorkloadRun begun = run;
        phase = Phase.RUNNING;
        forgetOutcomes();
        begun.start();
        watcher = Thread.ofPlatform().daemon().name("spinbpf-workload").start(() -> watch(begun));
    }

    private void watch(WorkloadRun begun) {
        Phase after = Phase.FAILED;
        try {
            begun.await();
            StressReport report = begun.finish();
            after = report.isStuck() ? Phase.FAILED : Phase.STOPPED;
        } catch (IllegalStateException e) {
            // A CPU's thread died; the phase says so.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            phase = after;
        }
        if (after == Phase.STOPPED) {
            checkPromises(begun);
        }
    }

    /** Checks promises, and lets a broken one be a failure of the run. */
    private void checkPromises(WorkloadRun ended) {
        try {
            promises.quietly(() -> {
                if (run == ended && !promises.check(ended.machine(), base.promises())) {
                    phase = Phase.FAILED;
                }
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns the promises of the workload; those of a run are checked when it has ended. */
    public List<PromiseRow> promises() {
        return promises.rows();
    }

    void stop() throws Refusal {
        run.stop();
        Thread watching = watcher;
        if (watching == null) {
            return;
        }
        promises.setAwaited(true);
        try {
            watching.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(Kind.BUSY, "interrupted while the workload stops");
        } finally {
            promises.setAwaited(false);
        }
    }

    void close() {
        try {
            stop();
            run.close();
        } catch (Refusal e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Puts a workload in the place of this one; it runs if this one ran. */
    void replace(ProgramWorkload workload, List<ServedObject> kept, List<ServedObject> added) throws Refusal {
        ProgramWorkload numbers = numbersOf(workload, null);
        Renewal renewal = renewal(numbers, kept);
        renewal.add(added, workload);
        boolean ran = isRunning();
        stop();
        swap(renewal, numbers);
        phase = Phase.READY;
        forgetOutcomes();
        if (ran) {
            begin();
        }
    }

    private Renewal renewal(ProgramWorkload numbers, List<ServedObject> kept) throws Refusal {
        WorkloadRun fresh = prepare(numbers);
        Renewal renewal = new Renewal(run.machine(), fresh);
        renewal.carryOver(kept);
        return renewal;
    }

    private void swap(Renewal renewal, ProgramWorkload numbers) {
        WorkloadRun old = run;
        renewal.take();
        base = numbers;
        run = renewal.fresh();
        old.close();
    }

    // Work on a CPU.

    /** Waits until no CPU is in a program that is attached no more. */
    void awaitQuiet() throws Refusal {
        try {
            if (!run.driver().awaitQuiet(MOST_WAIT_NANOS)) {
                throw new Refusal(Kind.BUSY, "a CPU does not come to an end of what it runs; try again");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(Kind.BUSY, "interrupted");
        }
    }

    /** Work on a CPU. */
    @FunctionalInterface
    interface CpuWork<T> {
        T on(Cpu cpu) throws Refusal;
    }

    /** Does work on CPU 0: on its own thread while the workload runs. */
    <T> T onCpu(CpuWork<T> work) throws Refusal {
        Cpu cpu = run.machine().cpus().get(0);
        if (!isRunning()) {
            return work.on(cpu);
        }
        AtomicBoolean taken = new AtomicBoolean();
        CompletableFuture<T> result = new CompletableFuture<>();
        run.driver().submit(on -> {
            if (taken.compareAndSet(false, true)) {
                complete(result, work, on);
            }
        });
        long startNanos = System.nanoTime();
        while (true) {
            try {
                return result.get(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                boolean late = System.nanoTime() - startNanos > MOST_WAIT_NANOS;
                if ((late || !isRunning()) && taken.compareAndSet(false, true)) {
                    if (isRunning() || phase == Phase.FAILED) {
                        throw new Refusal(Kind.BUSY, "CPU 0 did not get to it: a program or a lock keeps it busy");
                    }
                    return work.on(cpu);
                }
            } catch (ExecutionException e) {
                throw failure(e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new Refusal(Kind.BUSY, "interrupted");
            }
        }
    }

    private static <T> void complete(CompletableFuture<T> result, CpuWork<T> work, Cpu cpu) {
        try {
            result.complete(work.on(cpu));
        } catch (Refusal | RuntimeException e) {
            result.completeExceptionally(e);
        }
    }

    private static Refusal failure(@Nullable Throwable cause) {
        return cause instanceof Refusal refusal
                ? refusal
                : new Refusal(Kind.CONFLICT, "the map operation failed: " + cause);
    }
}
