package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.maps.sched.ScheduleFailure;
import dev.spinbpf.maps.sched.Shrinker;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.maps.sched.Strategy;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs schedules, one after the other, on a machine of its own. Several work side by side, and each comes to the same
 * from the same situation and bounds.
 */
final class Searcher implements AutoCloseable {
    private static final int MOST_STEPS = 200_000;
    private static final long MOST_VIRTUAL_NANOS = 5_000_000_000L;
    private static final int UNBOUNDED = 1_000_000;
    private static final int PCT_DEPTH = 3;

    private final ExploreOptions options;
    private final boolean reduced;
    private final Stage stage;
    private final PromiseWatch promises;
    private final SearchProgress progress;
    private RunWatcher watcher;
    private Gathered gathered = new Gathered();
    private @Nullable Predicate<Finding> goal;
    private @Nullable Simulation simulation;
    private @Nullable Situation situation;
    private Enumeration.Recording recording = new Enumeration.Recording(choices -> 0);
    private @Nullable String target;
    private @Nullable Finding targetFinding;
    private Consumer<Machine> whenEnded = machine -> {};

    /** @param reduced whether schedules are left out that show nothing new */
    Searcher(ProgramWorkload workload, ExploreOptions options, boolean reduced, SearchProgress progress)
            throws WorkloadException {
        this.options = options;
        this.progress = progress;
        promises = new PromiseWatch(workload.promises(), this::found);
        this.reduced = reduced && !promises.isAnyAlways();
        watcher = watcher(new Footprints(), false);
        stage = new Stage(
                workload,
                (cpu, lock) -> watcher.taken(cpu, lock),
                failure -> watcher.failed(failure),
                fault -> watcher.faulted(fault),
                thrower -> watcher.thrown(thrower),
                (cpu, level) -> watcher.ran(cpu, level));
        checkPromises();
    }

    private void checkPromises() throws WorkloadException {
        boolean fit = false;
        try {
            promises.begin(stage.run());
            fit = true;
        } finally {
            if (!fit) {
                stage.close();
            }
        }
    }

    Stage stage() {
        return stage;
    }

    /** Calls {@code ended} at the end of each run that was not broken off. */
    void atEnds(Consumer<Machine> ended) {
        whenEnded = ended;
    }

    private RunWatcher watcher(Footprints learned, boolean everywhere) {
        return new RunWatcher(options.stalls(), learned, everywhere, promises, gathered.results(), this::found);
    }

    private void found(Finding finding) {
        String wanted = target;
        if (wanted != null) {
            if (wanted.equals(finding.key()) && (goal == null || goal.test(finding))) {
                targetFinding = finding;
                Simulation run = simulation;
                if (run != null && finding.kind() != Finding.Kind.HANG) {
                    run.cut();
                }
            }
            return;
        }
        Situation now = situation;
        if (now != null) {
            gathered.found(finding, now, recording::events, goal);
        }
    }

    private Limits limits(int preemptions, int interrupts) {
        long nanos = MOST_VIRTUAL_NANOS * (1 + options.stalls());
        return new Limits(preemptions, interrupts, stage.interruptLevels(), MOST_STEPS, nanos);
    }

    // Searches.

    /**
     * Searches among all schedules from a situation.
     *
     * @param learned what is known of the situation's words; this search learns more
     * @param wanted what ends the search when it is found; null to find all
     * @param isOver tells, after each schedule, that there is no more time
     */
    Gathered explore(
            Situation from,
            int preemptions,
            int interrupts,
            Footprints learned,
            @Nullable Predicate<Finding> wanted,
            BooleanSupplier isOver) {
        gathered = new Gathered();
        goal = wanted;
        Limits limits = limits(preemptions, interrupts);
        boolean whole;
        do {
            learned.freeze();
            whole = exploreOnce(from, limits, learned, isOver);
        } while (whole && reduced && learned.hasGrown());
        goal = null;
        return gathered.end(whole);
    }

    private boolean exploreOnce(Situation from, Limits limits, Footprints learned, BooleanSupplier isOver) {
        Enumeration enumeration = new Enumeration(stage.machine().cpus().count() * ContextLevel.count(), reduced);
        watcher = watcher(learned, !reduced);
        RunWatcher watching = watcher;
        if (reduced) {
            watching.tell(enumeration);
        }
        KeyNumbers classes = new KeyNumbers();
        do {
            if (isOver.getAsBoolean()) {
                return false;
            }
            Simulation run = runRecorded(
                    from, limits, enumeration.begin(() -> watching.state() * 31 + stateOfStrands()), watching);
            if (!run.isCut()) {
                progress.addClasses(classes.isNew(watching.state() | 1) ? 1 : 0);
            }
            if (enumeration.isFull() || gathered.reached() != null) {
                return false;
            }
        } while (!(reduced && learned.hasGrown()) && enumeration.advance());
        gathered.count(enumeration.states(), classes.count());
        return true;
    }

    private long stateOfStrands() {
        Simulation run = simulation;
        return run == null ? 0 : run.stateOfStrands();
    }

    /** Runs one schedule of random priorities, and as many preemptions as they make. */
    Gathered atRandom(Situation from, long seed, int longest, Footprints learned, @Nullable Predicate<Finding> wanted) {
        gathered = new Gathered();
        goal = wanted;
        learned.freeze();
        watcher = watcher(learned, false);
        Strategy strategy = Strategy.byPriorities(seed, PCT_DEPTH, longest, options.interrupts());
        runRecorded(from, limits(UNBOUNDED, options.interrupts()), new Enumeration.Recording(strategy), watcher);
        goal = null;
        return gathered.end(true);
    }

    /** As {@link #run(Situation, Limits, Strategy, RunWatcher)}; what is found has the choices so far as its schedule. */
    private Simulation runRecorded(Situation from, Limits limits, Enumeration.Recording strategy, RunWatcher watching) {
        recording = strategy;
        Simulation run = run(from, limits, strategy, watching);
        gathered.ran(run.steps());
        progress.ran(run.steps());
        return run;
    }

    private Simulation run(Situation from, Limits limits, Strategy strategy, RunWatcher watching) {
        Simulation run = new Simulation(limits, strategy, watching, 0);
        simulation = run;
        situation = from;
        stage.prepare(run, from);
        watching.begin(run, stage.machine(), limits.interrupts() > 0 && hasMaskable(limits));
        beginPromises();
        try {
            run.run();
            simulation = null;
            if (!run.isCut()) {
                watching.ended();
                promises.atEnd();
                whenEnded.accept(stage.machine());
            }
        } catch (ScheduleFailure e) {
            if (!e.isEndless()) {
                throw new IllegalStateException("a run failed", e);
            }
            watching.hung(String.valueOf(e.getMessage()));
        }
        return run;
    }

    private static boolean hasMaskable(Limits limits) {
        return limits.levels().stream().anyMatch(level -> level != ContextLevel.NMI);
    }

    private void beginPromises() {
        try {
            promises.begin(stage.run());
        } catch (WorkloadException e) {
            throw new IllegalStateException("promises fit as often as they do", e);
        }
    }

    // Witnesses.

    /**
     * Returns the simplest schedule that shows a finding.
     *
     * @param wanted what the finding has to be besides, or null
     */
    List<Plan.Event> simplest(Found found, @Nullable Predicate<Finding> wanted) {
        return aimed(
                found, wanted, () -> Shrinker.simplest(strategy -> attempt(found.situation(), strategy), found.plan()));
    }

    /** Shows a finding by a schedule. Rows and states have this machine's addresses, whichever machine has found it. */
    Witness show(Found found, List<Plan.Event> plan, @Nullable Predicate<Finding> wanted) {
        return aimed(found, wanted, () -> {
            attempt(found.situation(), new Plan(plan));
            Finding here = targetFinding;
            return show(here == null ? found.finding() : here, found.situation(), plan);
        });
    }

    private <T> T aimed(Found found, @Nullable Predicate<Finding> wanted, Supplier<T> body) {
        gathered = new Gathered();
        goal = wanted;
        target = found.finding().key();
        try {
            return body.get();
        } finally {
            target = null;
            goal = null;
        }
    }

    private Shrinker.@Nullable Candidate attempt(Situation from, Strategy strategy) {
        targetFinding = null;
        watcher = watcher(new Footprints(), true);
        Simulation run = run(from, limits(UNBOUNDED, UNBOUNDED), strategy, watcher);
        return targetFinding == null
                ? null
                : new Shrinker.Candidate(
                        run.schedule(), run.disturbances(), run.switches(), run.steps(), new AssertionError(target));
    }

    private String nameOf(int classNumber, long lock) {
        LockStats stats = stage.machine().lockStats();
        LockClass known = stats.byNumber(classNumber);
        return (known == null ? stats.ofAddress(lock) : known).name();
    }

    private Witness show(Finding finding, Situation from, List<Plan.Event> plan) {
        targetFinding = null;
        watcher = watcher(new Footprints(), true);
        Storyboard rows = new Storyboard(this::nameOf, finding.lock(), new ValueWatch(stage::run));
        watcher.record(rows);
        Plan strategy = new Plan(plan);
        run(from, limits(UNBOUNDED, UNBOUNDED), strategy, watcher);
        Finding seen = targetFinding == null ? finding : targetFinding;
        rows.end(seen.kind());
        return new Witness(seen, from.toString(), from.start(), strategy.happened(), rows.rows(), rows.states());
    }

    /** Runs a schedule again; returns null where it does not show the finding with a key. */
    @Nullable
    Witness replay(Situation from, List<Plan.Event> plan, String key) {
        gathered = new Gathered();
        target = key;
        try {
            return attempt(from, new Plan(plan)) == null || targetFinding == null
                    ? null
                    : show(targetFinding, from, plan);
        } finally {
            target = null;
        }
    }

    @Override
    public void close() {
        stage.close();
    }
}
