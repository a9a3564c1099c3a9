package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Clock;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Cpus;
import dev.spinbpf.maps.lock.LockAlgorithm;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.lock.RqSpinLock;
import dev.spinbpf.maps.lock.TasLock;
import dev.spinbpf.maps.memory.GuestArena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Stresses locks without programs: each emulated CPU on a thread of its own, with interrupts landing anywhere. */
public final class ModeDriver implements StressRun {
    private final ModeOptions options;
    private final Cpus cpus;
    private final LockStats stats;
    private final GuestArena arena = new GuestArena("stress");
    private final Crew crew = new Crew();
    private final Workload workload;
    private volatile List<String> stuck = List.of();

    /**
     * A run that has not begun.
     *
     * @throws IllegalArgumentException where there are fewer CPUs than the mode needs, or both algorithms are asked for
     *     where there is one lock only
     */
    public ModeDriver(ModeOptions options) {
        StressMode mode = options.mode();
        if (options.cpus() < mode.fewestCpus()) {
            throw new IllegalArgumentException(
                    "mode " + mode + " needs " + mode.fewestCpus() + " CPUs or more, not " + options.cpus());
        }
        if (mode != StressMode.TORTURE && options.algorithm() == LockChoice.BOTH) {
            throw new IllegalArgumentException("mode " + mode + " uses one kind of lock only");
        }
        this.options = options;
        cpus = new Cpus(options.cpus(), Clock.REAL);
        stats = new LockStats(options.cpus(), options.heldTimesInterval());
        workload = mode == StressMode.TORTURE
                ? new TortureWorkload(cpus, tortureLocks(), options, crew::isStopping)
                : new PairWorkload(cpus, pairLocks(), options, crew::isStopping);
    }

    private List<GuardedLock> pairLocks() {
        LockAlgorithm algorithm = options.algorithm() == LockChoice.TAS ? new TasLock(stats) : new RqSpinLock(stats);
        List<GuardedLock> locks = new ArrayList<>();
        for (int i = 0; i < PairWorkload.locks(options.mode()); i++) {
            add(locks, "lock_" + (char) ('a' + i), algorithm);
        }
        return locks;
    }

    private List<GuardedLock> tortureLocks() {
        LockAlgorithm queued = new RqSpinLock(stats);
        LockAlgorithm testAndSet = new TasLock(stats);
        List<GuardedLock> locks = new ArrayList<>();
        for (int i = 0; i < options.locks(); i++) {
            boolean tas =
                    options.algorithm() == LockChoice.TAS || (options.algorithm() == LockChoice.BOTH && i % 2 == 1);
            add(locks, (tas ? "tas_" : "queued_") + i, tas ? testAndSet : queued);
        }
        for (String kind : new String[] {"outer_", "leaf_"}) {
            for (int i = 0; i < TortureWorkload.ORDINARY; i++) {
                add(locks, "ordinary_" + kind + i, null);
            }
        }
        return locks;
    }

    private void add(List<GuardedLock> locks, String name, @Nullable LockAlgorithm algorithm) {
        locks.add(new GuardedLock(locks.size(), name, arena, stats.internal(name), algorithm));
    }

    /** The locks, for tests that damage them. */
    List<GuardedLock> locks() {
        return workload.locks();
    }

    /** Returns the CPUs. */
    public Cpus cpus() {
        return cpus;
    }

    /** Returns what is counted about the locks. */
    public LockStats lockStats() {
        return stats;
    }

    /** Returns how often something happened that must not, stuck CPUs included. */
    public long violationCount() {
        return workload.violations().count() + stuck.size();
    }

    @Override
    public void start() {
        for (Cpu cpu : cpus.all()) {
            cpu.setInterruptHandler((at, level) -> workload.interrupt(at));
            crew.add(cpu, () -> {
                while (!crew.isStopping()) {
                    workload.task(cpu);
                    cpu.poll();
                }
            });
        }
        Ticker ticker = new Ticker(new SplittableRandom(options.seed()));
        interrupts(ticker, ContextLevel.NMI, options.nmis());
        if (options.mode() == StressMode.TORTURE) {
            interrupts(ticker, ContextLevel.HARDIRQ, options.hardirqs());
            interrupts(ticker, ContextLevel.SOFTIRQ, options.hardirqs());
        }
        crew.add("clock", () -> ticker.run(crew::isStopping));
        crew.start();
    }

    private void interrupts(Ticker ticker, ContextLevel level, Pacing pacing) {
        ticker.add((cpu, turns) -> cpu.raise(level), pacing, cpus.all());
    }

    /** Starts, waits until the duration is over or {@link #stop} is called, and reports. */
    public ModeReport run() throws InterruptedException {
        start();
        await();
        return finish();
    }

    @Override
    public void await() throws InterruptedException {
        crew.await(options.duration());
    }

    @Override
    public void stop() {
        crew.stop();
    }

    @Override
    public boolean isRunning() {
        return crew.isRunning();
    }

    /** Stops all CPUs, checks what they left behind, and reports. */
    public ModeReport finish() throws InterruptedException {
        stuck = crew.join();
        if (stuck.isEmpty()) {
            workload.checkAtEnd();
        }
        return snapshot();
    }

    /** Returns a report of the run so far. Any thread may call it, at any time. */
    public ModeReport snapshot() {
        List<ModeReport.Row> rows = new ArrayList<>();
        for (ContextLevel level : ContextLevel.values()) {
            for (int cpu = 0; cpu < cpus.count(); cpu++) {
                ModeReport.Row row = row(cpu, level);
                if (row.attempts() > 0) {
                    rows.add(row);
                }
            }
        }
        Map<ContextLevel, Long> interrupts = new EnumMap<>(ContextLevel.class);
        for (ContextLevel level : ContextLevel.values()) {
            if (level != ContextLevel.TASK) {
                long sum = cpus.all().stream()
                        .mapToLong(cpu -> cpu.delivered(level))
                        .sum();
                interrupts.put(level, sum);
            }
        }
        Violations violations = workload.violations();
        return new ModeReport(
                options,
                crew.elapsedNanos(),
                Runtime.getRuntime().availableProcessors(),
                rows,
                LockRow.of(stats.classes(), cpus.count()),
                interrupts,
                violations.count(),
                violations.kept(),
                stuck);
    }

    private ModeReport.Row row(int cpu, ContextLevel level) {
        Tally tally = workload.tally(cpu, level);
        return new ModeReport.Row(
                cpu,
                level,
                workload.lockName(cpu, level),
                tally.attempts(),
                tally.acquired(),
                tally.deadlocks(),
                tally.timeouts(),
                tally.latency().copy());
    }

    @Override
    public void close() {
        if (stuck.isEmpty()) {
            arena.close();
        }
    }
}
