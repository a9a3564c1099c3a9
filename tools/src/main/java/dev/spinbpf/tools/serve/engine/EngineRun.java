package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.tools.metrics.Activity;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private volatile ProgramWorkload base;
    private volatile WorkloadRun run;
    private volatile Phase phase = Phase.READY;
    private List<ServedObject> objects = List.of();
    private @Nullable Thread watcher;

    /** Phases of a workload. */
    public enum Phase {
        /** It has not begun. */
        READY,
        RUNNING,
        /** It was stopped, or its time is over. */
        STOPPED,
        /** A CPU's thread died, or did not stop. */
        FAILED
    }

    EngineRun(FailureLog failures, ProgramWorkload workload) throws Refusal {
        this.failures = failures;
        base = numbersOf(workload);
        run = prepare(base);
    }

    /** The workload without its objects, which the engine loads itself. */
    private static ProgramWorkload numbersOf(ProgramWorkload w) {
        return new ProgramWorkload(
                w.cpus(),
                w.lock(),
                w.seed(),
                w.duration(),
                w.heldTimesInterval(),
                w.nmis(),
                w.hardirqs(),
                null,
                List.of(),
                List.of(),
                w.delays(),
                List.of(),
                w.packets());
    }

    private WorkloadRun prepare(ProgramWorkload workload) throws Refusal {
        try {
            WorkloadRun fresh = WorkloadRun.prepare(workload);
            fresh.machine().lockStats().addListener(failures);
            return fresh;
        } catch (WorkloadException e) {
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        }
    }

    void setObjects(List<ServedObject> value) {
        objects = value;
    }

    Machine machine() {
        return run.machine();
    }

    StressDriver driver() {
        return run.driver();
    }

    /** Returns the machine's emulated CPUs. */
    public List<Cpu> cpus() {
        return run.machine().cpus().all();
    }

    /** Returns the present machine, for what only looks at it. */
    public Machine watched() {
        return run.machine();
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

    void start(@Nullable Long durationMillis, @Nullable Long seed) throws Refusal {
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
            WorkloadRun fresh = renewed(wanted, objects, List.of(), wanted);
            swap(fresh, wanted);
        }
        begin();
    }

    private void begin() {
        WorkloadRun begun = run;
        phase = Phase.RUNNING;
        begun.start();
        watcher = Thread.ofPlatform().daemon().name("spinbpf-workload").start(() -> watch(begun));
    }

    private void watch(WorkloadRun begun) {
        Phase after = Phase.FAILED;
        try {
            begun.await();
            StressReport report = begun.finish();
            after = report.stuckCpus().isEmpty() ? Phase.STOPPED : Phase.FAILED;
        } catch (IllegalStateException e) {
            // A CPU's thread died; the phase says so.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            phase = after;
        }
    }

    void stop() throws Refusal {
        run.stop();
        Thread watching = watcher;
        if (watching == null) {
            return;
        }
        try {
            watching.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(Kind.BUSY, "interrupted while the workload stops");
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

    // Another machine.

    /** Puts a workload in the place of this one; it runs if this one ran. */
    void replace(ProgramWorkload workload, List<ServedObject> kept, List<ServedObject> added) throws Refusal {
        ProgramWorkload numbers = numbersOf(workload);
        WorkloadRun fresh = renewed(numbers, kept, added, workload);
        boolean ran = isRunning();
        stop();
        swap(fresh, numbers);
        phase = Phase.READY;
        if (ran) {
            begin();
        }
    }

    private final Map<ServedProgram, LoadedProgram> inFresh = new HashMap<>();
    private final Map<ServedProgram, Attachment> newAttachments = new HashMap<>();

    private void swap(WorkloadRun fresh, ProgramWorkload numbers) {
        WorkloadRun old = run;
        objects.forEach(object -> object.programs().forEach(program -> program.setInMachine(null)));
        inFresh.forEach((program, loaded) -> {
            program.setInMachine(loaded);
            program.setLoaded(true);
        });
        newAttachments.forEach((program, how) -> program.setAttachment(
                how,
                HookTable.of(Objects.requireNonNull(inFresh.get(program)).program(), how.hook())
                        .name()));
        base = numbers;
        run = fresh;
        old.close();
    }

    /**
     * Makes a run with the same programs and map contents as this one, and those of a workload.
     *
     * @param kept objects whose loaded programs go on
     * @param added objects whose programs a workload names
     * @param workload names the programs and attachments of the added objects
     */
    private WorkloadRun renewed(
            ProgramWorkload numbers, List<ServedObject> kept, List<ServedObject> added, ProgramWorkload workload)
            throws Refusal {
        inFresh.clear();
        newAttachments.clear();
        WorkloadRun fresh = prepare(numbers);
        boolean done = false;
        try {
            for (ServedObject object : kept) {
                carryOver(object, fresh);
            }
            for (ServedObject object : added) {
                loadIncluded(object, workload, fresh);
            }
            attachAdded(added, workload, fresh);
            fillMaps(added, workload, fresh);
            done = true;
            return fresh;
        } catch (MapCreationException | SnapshotException | UnsupportedProgramException e) {
            throw new Refusal(Kind.CONFLICT, String.valueOf(e.getMessage()));
        } finally {
            if (!done) {
                fresh.close();
            }
        }
    }

    private void carryOver(ServedObject object, WorkloadRun fresh) throws MapCreationException, SnapshotException {
        if (!object.isLoaded()) {
            return;
        }
        for (ServedProgram program : object.programs()) {
            if (program.isLoaded() && program.verdict() instanceof Verdict.Accepted accepted) {
                LoadedProgram loaded = fresh.machine().load(accepted.program());
                inFresh.put(program, loaded);
                Attachment how = program.attachment();
                if (how != null) {
                    fresh.driver().attach(loaded, how);
                    newAttachments.put(program, how);
                }
            }
        }
        LiveMaps.restore(LiveMaps.snapshot(run.machine(), object.contents()), fresh.machine(), object.contents());
    }

    private void loadIncluded(ServedObject object, ProgramWorkload workload, WorkloadRun fresh)
            throws MapCreationException {
        for (ServedProgram program : object.programs()) {
            boolean included = workload.objects().stream()
                    .anyMatch(file -> file.name().equals(object.name()) && file.includes(program.name()));
            if (included && program.verdict() instanceof Verdict.Accepted accepted) {
                inFresh.put(program, fresh.machine().load(accepted.program()));
            }
        }
    }

    /** Attaches what the workload says; without a word of it, each program where its section says, if there is a hook. */
    private void attachAdded(List<ServedObject> added, ProgramWorkload workload, WorkloadRun fresh) throws Refusal {
        for (Attachment how : workload.attachments()) {
            ServedProgram program = find(added, how.object(), how.program());
            LoadedProgram loaded = inFresh.get(program);
            if (loaded != null) {
                fresh.driver().attach(loaded, how);
                newAttachments.put(program, how);
            }
        }
        if (!workload.attachments().isEmpty()) {
            return;
        }
        for (ServedObject object : added) {
            for (ServedProgram program : object.programs()) {
                LoadedProgram loaded = inFresh.get(program);
                if (loaded != null) {
                    attachIfPossible(program, loaded, fresh);
                }
            }
        }
    }

    private void attachIfPossible(ServedProgram program, LoadedProgram loaded, WorkloadRun fresh) {
        Attachment how = Attachment.of(program.object(), program.name());
        try {
            fresh.driver().attach(loaded, how);
            newAttachments.put(program, how);
        } catch (UnsupportedProgramException e) {
            // It stays loaded; its state says that it is not attached.
        }
    }

    private static ServedProgram find(List<ServedObject> objects, String object, String name) throws Refusal {
        for (ServedObject each : objects) {
            for (ServedProgram program : each.programs()) {
                if (each.name().equals(object) && program.name().equals(name)) {
                    return program;
                }
            }
        }
        throw new Refusal(
                Kind.INVALID,
                "the workload attaches program " + name + " of object " + object + ", which is not there");
    }

    private static void fillMaps(List<ServedObject> added, ProgramWorkload workload, WorkloadRun fresh)
            throws Refusal, MapCreationException {
        Cpu cpu = fresh.machine().cpus().get(0);
        for (ProgramWorkload.MapContents contents : workload.maps()) {
            BpfMap map = null;
            for (ServedObject object : added) {
                for (BpfMap each : fresh.machine().maps(object.contents())) {
                    map = object.name().equals(contents.object()) && each.name().equals(contents.map()) ? each : map;
                }
            }
            if (map == null) {
                throw new Refusal(
                        Kind.INVALID,
                        "the workload fills map " + contents.map() + " of object " + contents.object()
                                + ", which is not there");
            }
            for (ProgramWorkload.Element element : contents.elements()) {
                MapOperations.update(
                        map, cpu, element.key().toArray(), element.value().toArray(), MapOperations.flags("any"));
            }
        }
    }

    // Work on a CPU.

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
