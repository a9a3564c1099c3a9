package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Fault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Keeps all CPUs of a machine busy: each on a thread of its own runs tasks, while packets, timers and NMIs land on it,
 * and everything that is attached runs.
 *
 * <p>Soft and hard interrupts land after a random number of the running program's poll points, chosen by the seed. NMIs
 * and timer interrupts are raised by threads of their own, so that they land wherever the CPU happens to be, inside a
 * lock's slow path as well.
 */
public final class StressDriver {
    private final Machine machine;
    private final StressOptions options;
    private final List<LoadedProgram> attached = new ArrayList<>();
    private final List<Fault> faults = new ArrayList<>();
    private final Crew crew = new Crew();
    private volatile List<ProgramOutput> outputs = List.of();
    private volatile List<String> stuck = List.of();

    /** Attach programs to the machine's hooks before {@link #start}. */
    public StressDriver(Machine machine, StressOptions options) {
        this.machine = machine;
        this.options = options;
        for (LoadedProgram program : machine.programs()) {
            if (machine.isAttached(program)) {
                attached.add(program);
            }
        }
        for (Cpu cpu : machine.cpus().all()) {
            machine.context(cpu.id()).timeRuns();
        }
        machine.addFaultListener(fault -> {
            synchronized (faults) {
                if (faults.size() < StressReport.MAX_FAULTS) {
                    faults.add(fault);
                }
            }
        });
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
        SplittableRandom seeds = new SplittableRandom(options.seed());
        for (Cpu cpu : machine.cpus().all()) {
            StressCpu loop = new StressCpu(machine, cpu, seeds.split(), crew::isStopping);
            crew.add("cpu" + cpu.id(), loop::run);
        }
        interrupts(ContextLevel.NMI, options.nmiEvery(), seeds.split());
        interrupts(ContextLevel.HARDIRQ, options.hardirqEvery(), seeds.split());
        crew.start();
    }

    private void interrupts(ContextLevel level, Duration every, SplittableRandom random) {
        var source = new InterruptSource(level, every, machine.cpus().all(), random);
        crew.add(level.name().toLowerCase(Locale.ROOT), () -> source.run(crew::isStopping));
    }

    /** Starts, waits until the duration is over or {@link #stop} is called, and reports. */
    public StressReport run() throws InterruptedException {
        start();
        crew.await(options.duration());
        return finish();
    }

    /** Tells all CPUs to stop; {@link #run} then returns. Any thread may call it. */
    public void stop() {
        crew.stop();
    }

    /**
     * Stops all CPUs and reports. Returns within ten seconds even where a CPU hangs, which the report then says.
     *
     * @throws IllegalStateException where a CPU's thread died, with the reason
     */
    public StressReport finish() throws InterruptedException {
        stuck = crew.join();
        outputs = attached.stream()
                .map(ProgramOutput::take)
                .filter(output -> !output.isEmpty())
                .toList();
        return snapshot();
    }

    /** Returns a report of the run so far. Any thread may call it, at any time. */
    public StressReport snapshot() {
        List<Fault> seen;
        synchronized (faults) {
            seen = List.copyOf(faults);
        }
        return new StressReport(
                crew.elapsedNanos(),
                machine.cpus().count(),
                Runtime.getRuntime().availableProcessors(),
                options.seed(),
                StressSnapshot.programs(attached),
                LockRow.of(machine.lockStats().classes(), machine.cpus().count()),
                StressSnapshot.interrupts(machine.cpus().all()),
                outputs,
                seen,
                stuck);
    }
}
