package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.Deadlock;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.deferred.Alarm;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.hook.HookTable;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps all CPUs of a machine busy: each on a thread of its own runs tasks, while packets, timers and NMIs land on it,
 * and everything that is attached runs.
 *
 * <p>Soft and hard interrupts of what is not paced land after a random number of the running program's poll points,
 * chosen by the seed. NMIs, timer interrupts and paced events come by a clock on a thread of its own, so that they land
 * wherever the CPU happens to be, inside a lock's slow path as well.
 */
public final class StressDriver {
    private final Machine machine;
    private final StressOptions options;
    private final SplittableRandom seeds;
    private final Ticker ticker;
    private final EventTable events;
    private final StructTable structs;
    private final Map<LoadedProgram, HookTarget> attached = new LinkedHashMap<>();
    private final List<Fault> faults = new ArrayList<>();
    private final Crew crew = new Crew();
    private final LockDelays delays;
    private final Errands[] errandsByCpu;
    private volatile List<ProgramOutput> outputs = List.of();
    private volatile List<String> stuck = List.of();

    /** A run of what is attached to the machine's hooks, each as often as CPUs get to it. */
    public StressDriver(Machine machine, StressOptions options) {
        this(machine, options, LockDelays.NONE);
        for (LoadedProgram program : machine.programs()) {
            for (HookTarget target : machine.hooks().targetsOf(program)) {
                attached.put(program, target);
                if (!structs.add(program, target, ProgramWorkload.Attachment.of("", program.name()))) {
                    addEvents(program, target, target.level(), Pacing.Unpaced.INSTANCE, CpuSet.ALL);
                }
            }
        }
    }

    /** A run of what is attached with {@link #attach}. */
    StressDriver(Machine machine, StressOptions options, LockDelays delays) {
        this.machine = machine;
        this.options = options;
        this.delays = delays;
        errandsByCpu = new Errands[machine.cpus().count()];
        Arrays.setAll(errandsByCpu, cpu -> new Errands());
        seeds = new SplittableRandom(options.seed());
        ticker = new Ticker(seeds.split());
        events = new EventTable(machine.cpus(), ticker, new Landings(machine, seeds.split()));
        structs = new StructTable(machine, events, options.seed(), crew::isStopping);
        machine.setDeadlockListener(this::stop);
        machine.addFaultListener(fault -> {
            synchronized (faults) {
                if (faults.size() < StressReport.MAX_FAULTS) {
                    faults.add(fault);
                }
            }
        });
    }

    /**
     * Attaches a program, before the start or while the CPUs run.
     *
     * @param program a program of the machine
     * @param how the hook, level, pacing and CPUs; its names of object and program are not looked at
     * @throws UnsupportedProgramException where there is no such hook for the program, or not at that level
     */
    public void attach(LoadedProgram program, ProgramWorkload.Attachment how) {
        HookTarget target = HookTable.of(program.program(), how.hook());
        requireEvents(target, how);
        if (structs.add(program, target, how)) {
            synchronized (attached) {
                attached.put(program, target);
            }
            return;
        }
        if (target.isInside()) {
            machine.hooks().attach(program, target, how.cpus());
        }
        addEvents(program, target, how.level() == null ? target.level() : how.level(), how.pacing(), how.cpus());
        synchronized (attached) {
            attached.put(program, target);
        }
    }

    private static void requireEvents(HookTarget target, ProgramWorkload.Attachment how) {
        ContextLevel level = how.level();
        if (level != null && !target.levels().contains(level)) {
            String levels = target.levels().stream().map(ContextLevel::word).collect(Collectors.joining(", "));
            throw new UnsupportedProgramException("hook " + target.name() + " has no events at level " + level.word()
                    + (levels.isEmpty()
                            ? "; it fires inside the runtime, at the level of what runs"
                            : "; it has them at " + levels));
        }
        if (target.isInside() && how.pacing().isPaced()) {
            throw new UnsupportedProgramException(
                    "hook " + target.name() + " fires inside the runtime and cannot be paced");
        }
    }

    private void addEvents(
            LoadedProgram program, HookTarget target, @Nullable ContextLevel level, Pacing pacing, CpuSet cpus) {
        if (!target.isInside()) {
            ContextLevel at = Objects.requireNonNull(level, target.name());
            events.add(new EventSource.Key(target, at, pacing, cpus), program);
        }
    }

    /**
     * Detaches a program from all its hooks, also while the CPUs run. A run that has begun goes on to its end; what was
     * counted stays with the program.
     */
    public void detach(LoadedProgram program) {
        events.remove(program);
        machine.hooks().detach(program);
        synchronized (attached) {
            attached.remove(program);
        }
    }

    /** Counts the time of runs too, which takes as long as a short program does; before {@link #start}. */
    public void timeRuns() {
        machine.cpus().all().forEach(cpu -> machine.context(cpu.id()).timeRuns());
    }

    /** Returns the machine that is kept busy. */
    public Machine machine() {
        return machine;
    }

    /** Returns how many CPUs did not stop in time; 0 until the end. */
    public int stuckCount() {
        return stuck.size();
    }

    /** Starts all CPUs; returns at once. */
    public void start() {
        List<byte[]> packets =
                options.packets().frames().stream().map(ByteString::toArray).toList();
        boolean inTurn = options.packets().inTurn();
        for (Cpu cpu : machine.cpus().all()) {
            StressCpu loop = new StressCpu(
                    machine, cpu, events, packets, inTurn, errandsByCpu[cpu.id()], seeds.split(), crew::isStopping);
            crew.add(cpu, loop::run);
        }
        events.interrupts(ContextLevel.NMI, options.nmis());
        events.interrupts(ContextLevel.HARDIRQ, options.hardirqs());
        crew.add("clock", () -> ticker.run(crew::isStopping));
        machine.inventObjects();
        machine.deferred().setAlarm(new TimerAlarm(machine, ticker));
        crew.start();
    }

    /**
     * Has CPU 0 do some work at task level between two of its tasks. It is not done if the CPUs stop before.
     *
     * @param work short work, such as a map operation of user space
     */
    public void submit(Consumer<Cpu> work) {
        errandsByCpu[0].add(work);
    }

    /**
     * Waits until each CPU has been between two of its tasks, so that no run goes on which had begun before.
     *
     * @param nanos how long at most
     * @return false where a CPU did not get there
     */
    public boolean awaitQuiet(long nanos) throws InterruptedException {
        if (stuckCount() > 0) {
            return false;
        }
        CountDownLatch quiet = new CountDownLatch(errandsByCpu.length);
        for (Errands errands : errandsByCpu) {
            errands.add(cpu -> quiet.countDown());
        }
        long startNanos = System.nanoTime();
        boolean isQuiet = false;
        while (!isQuiet && crew.isAtWork() && System.nanoTime() - startNanos < nanos) {
            isQuiet = quiet.await(1, TimeUnit.MILLISECONDS);
        }
        return isQuiet || !crew.isAtWork();
    }

    /** Starts, waits until the duration is over or {@link #stop} is called, and reports. */
    public StressReport run() throws InterruptedException {
        start();
        await();
        return finish();
    }

    /** Waits until the duration is over or {@link #stop} is called. */
    public void await() throws InterruptedException {
        crew.await(options.duration());
    }

    /** Tells all CPUs to stop; {@link #run} then returns. Any thread may call it. */
    public void stop() {
        crew.stop();
        delays.stop();
    }

    /** Returns true from {@link #start} until the CPUs are to stop. */
    public boolean isRunning() {
        return crew.isRunning();
    }

    /**
     * Stops all CPUs and reports. Returns within ten seconds even where a CPU hangs, which the report then says.
     *
     * @throws IllegalStateException where a CPU's thread died, with the reason
     */
    public StressReport finish() throws InterruptedException {
        stop();
        stuck = crew.join();
        if (stuck.isEmpty() && machine.deadlock() == null) {
            structs.end();
        }
        machine.deferred().setAlarm(Alarm.NONE);
        outputs = attached().keySet().stream()
                .map(ProgramOutput::take)
                .filter(output -> !output.isEmpty())
                .toList();
        return snapshot();
    }

    /** Returns the programs that are attached now, each with the hook that it was attached to last. */
    public Map<LoadedProgram, HookTarget> attached() {
        synchronized (attached) {
            return new LinkedHashMap<>(attached);
        }
    }

    /** Returns a report of the run so far. Any thread may call it, at any time. */
    public StressReport snapshot() {
        List<Fault> seen;
        synchronized (faults) {
            seen = List.copyOf(faults);
        }
        Deadlock deadlock = machine.deadlock();
        return new StressReport(
                crew.elapsedNanos(),
                machine.cpus().count(),
                Runtime.getRuntime().availableProcessors(),
                options.seed(),
                StressSnapshot.programs(attached()),
                LockRow.of(machine.lockStats().classes(), machine.cpus().count()),
                StressSnapshot.interrupts(machine.cpus().all()),
                events.rows(),
                machine.deferred().rows(),
                outputs,
                seen,
                stuck,
                StressSnapshot.failures(machine),
                deadlock == null ? machine.waits(StressReport.LONG_WAIT_NANOS) : deadlock.waits(),
                deadlock,
                List.of());
    }
}
