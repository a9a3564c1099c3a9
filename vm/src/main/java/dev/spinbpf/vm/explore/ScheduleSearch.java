package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.maps.sched.Limits;
import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.maps.sched.ScheduleFailure;
import dev.spinbpf.maps.sched.Shrinker;
import dev.spinbpf.maps.sched.Simulation;
import dev.spinbpf.maps.sched.Strategy;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A search over the schedules of a workload: from each situation (which program each CPU begins with), first without
 * preemptions and interrupts, then with one of each, and so on up to the bounds, so that what is found first is found
 * with few. With a promise that has to hold always, no schedule is left out. If the time is over before, random priorities choose for the last part of it.
 */
public final class ScheduleSearch implements AutoCloseable {
    private static final int MOST_STEPS = 200_000;
    private static final long MOST_VIRTUAL_NANOS = 5_000_000_000L;
    private static final int UNBOUNDED = 1_000_000;
    private static final int PCT_DEPTH = 3;

    private final ExploreOptions options;
    private final ProgramWorkload workload;
    private final Stage stage;
    private final Results results = new Results();
    private final Map<Situation, Footprints> footprints = new HashMap<>();
    private final Map<String, Found> foundByKey = new LinkedHashMap<>();
    private final boolean reduced;
    private final PromiseWatch promises;
    private final List<LockPrediction> predictions;
    private final List<Situation> situations;
    private int pass;
    private @Nullable Predicate<Finding> goal;
    private @Nullable Found reached;
    private RunWatcher watcher;
    private @Nullable Simulation simulation;
    private @Nullable Situation situation;
    private Enumeration.Recording recording = new Enumeration.Recording(choices -> 0);
    private @Nullable String target;
    private @Nullable Finding targetFinding;
    private Consumer<Machine> whenEnded = machine -> {};
    private long schedules;
    private long states;
    private long points;
    private int longest = 100;

    private record Found(
            Finding finding, Situation situation, List<Plan.Event> plan, ExploreReport.Discovery discovery) {}

    private ScheduleSearch(ProgramWorkload workload, ExploreOptions options, boolean reduced) throws WorkloadException {
        this.options = options;
        this.workload = workload;
        promises = new PromiseWatch(workload.promises(), this::found);
        this.reduced = reduced && !promises.isAnyAlways();
        watcher = watcher(new Footprints(), false);
        stage = new Stage(
                workload,
                (cpu, lock) -> watcher.taken(cpu, lock),
                failure -> watcher.failed(failure),
                fault -> watcher.faulted(fault));
        predictions = begin();
        situations = situations();
        SchedulePoint.begin();
    }

    private List<LockPrediction> begin() throws WorkloadException {
        boolean begun = false;
        try {
            promises.begin(stage.run());
            List<LockPrediction> predicted = options.predictions() ? Predictions.of(stage.run()) : List.of();
            begun = true;
            return predicted;
        } finally {
            if (!begun) {
                stage.close();
            }
        }
    }

    /**
     * Prepares a search.
     *
     * @throws WorkloadException where the workload cannot be prepared, or a promise does not fit it
     */
    public static ScheduleSearch prepare(ProgramWorkload workload, ExploreOptions options) throws WorkloadException {
        return new ScheduleSearch(workload, options, true);
    }

    /** As {@link #prepare}, but for a search that leaves no schedule out, to compare with. */
    static ScheduleSearch exhaustive(ProgramWorkload workload, ExploreOptions options) throws WorkloadException {
        return new ScheduleSearch(workload, options, false);
    }

    /** Calls {@code ended} at the end of each run that was not broken off. */
    void atEnds(Consumer<Machine> ended) {
        whenEnded = ended;
    }

    /** Ends the search when something is found that is wanted. */
    void until(Predicate<Finding> wanted) {
        goal = wanted;
    }

    private RunWatcher watcher(Footprints learned, boolean everywhere) {
        return new RunWatcher(options.stalls(), learned, everywhere, promises, results, this::found);
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
            var discovery = new ExploreReport.Discovery(pass, situations.indexOf(now), foundByKey.size());
            foundByKey.computeIfAbsent(finding.key(), key -> new Found(finding, now, recording.events(), discovery));
            if (goal != null && reached == null && goal.test(finding)) {
                reached = new Found(finding, now, recording.events(), discovery);
            }
        }
    }

    // The search.

    /** Searches and reports. */
    public ExploreReport run() {
        long startNanos = System.nanoTime();
        List<Pursued> checked = pursueAll();
        int covered = search(startNanos);
        long searched = schedules;
        List<Found> found = foundByKey.values().stream()
                .sorted((one, other) -> one.finding.kind().compareTo(other.finding.kind()))
                .toList();
        List<Witness> witnesses = found.stream().map(this::witness).toList();
        return new ExploreReport(
                workload.cpus(),
                options,
                stage.entries().stream()
                        .map(entry -> entry.name() + " (" + entry.level().word() + ")")
                        .toList(),
                stage.run().answers(),
                mine().size(),
                results.sites(),
                witnesses,
                List.copyOf(results.notes()),
                covered < 0 ? -1 : Math.min(covered, options.preemptions()),
                covered < 0 ? -1 : Math.min(covered, options.interrupts()),
                searched,
                states,
                points,
                checked.stream().map(this::checked).toList(),
                found.stream().map(Found::discovery).toList());
    }

    private CheckedPrediction checked(Pursued pursued) {
        Found shown = pursued.found;
        if (shown == null) {
            return new CheckedPrediction(
                    pursued.prediction,
                    pursued.whole ? CheckedPrediction.Outcome.NOT_WITHIN_BOUNDS : CheckedPrediction.Outcome.OUT_OF_TIME,
                    null);
        }
        goal = new PredictionMatch(pursued.prediction);
        try {
            return new CheckedPrediction(pursued.prediction, CheckedPrediction.Outcome.CONFIRMED, witness(shown));
        } finally {
            goal = null;
        }
    }

    /** Searches; returns the bound within which all schedules were run, -1 for none. */
    int search() {
        return search(System.nanoTime());
    }

    private int search(long startNanos) {
        long budget = options.duration().toNanos();
        List<Situation> mine = mine();
        int covered = stage.entries().isEmpty() ? -1 : searchWithin(mine, startNanos + budget / 10 * 8);
        if (covered < mostBound()) {
            searchAtRandom(mine, startNanos + budget);
        }
        return covered;
    }

    private int mostBound() {
        return Math.max(options.preemptions(), options.interrupts());
    }

    /** Raises the bounds one by one; returns the last within which all schedules were run, -1 for none. */
    private int searchWithin(List<Situation> situations, long deadlineNanos) {
        int covered = -1;
        boolean goesOn = true;
        for (int bound = 0; goesOn && bound <= mostBound(); bound++) {
            goesOn = searchAll(situations, bound, Math.max(0, bound - 1), deadlineNanos)
                    && searchAll(situations, bound, bound, deadlineNanos);
            covered = goesOn ? bound : covered;
        }
        return covered;
    }

    // Predictions.

    /** A prediction; what confirms it, and whether all schedules were run. */
    private record Pursued(
            LockPrediction prediction, @Nullable Found found, boolean whole) {}

    private List<Pursued> pursueAll() {
        long deadline = System.nanoTime() + options.duration().toNanos() / 2;
        return predictions.stream().map(each -> pursue(each, deadline)).toList();
    }

    /** Searches from the situations in which only the programs of a prediction begin, until it is confirmed. */
    private Pursued pursue(LockPrediction prediction, long deadlineNanos) {
        PredictionMatch match = new PredictionMatch(prediction);
        Set<String> programs = match.programs();
        List<Situation> some = situations.stream()
                .filter(from -> from.start().roots().stream()
                        .allMatch(root -> root < 0
                                || programs.contains(stage.entries().get(root).name())))
                .toList();
        goal = match;
        reached = null;
        int covered = some.isEmpty() ? mostBound() : searchWithin(some, deadlineNanos);
        Found found = reached;
        goal = null;
        reached = null;
        return new Pursued(prediction, found, covered == mostBound());
    }

    /** Returns the keys of what was found, and the pairs of loads and stores that were noted. */
    Set<String> found() {
        Set<String> all = new TreeSet<>(foundByKey.keySet());
        all.addAll(results.notes());
        return all;
    }

    /** Returns the results of attempts to take locks. */
    List<LockSite> sites() {
        return results.sites();
    }

    private Limits limits(int preemptions, int interrupts) {
        long nanos = MOST_VIRTUAL_NANOS * (1 + options.stalls());
        return new Limits(preemptions, interrupts, stage.interruptLevels(), MOST_STEPS, nanos);
    }

    private boolean searchAll(List<Situation> situations, int preemptions, int interrupts, long deadlineNanos) {
        states = 0;
        pass++;
        Limits limits =
                limits(Math.min(preemptions, options.preemptions()), Math.min(interrupts, options.interrupts()));
        for (Situation next : situations) {
            Footprints learned = footprints.computeIfAbsent(next, key -> new Footprints());
            do {
                learned.freeze();
                if (!searchOne(next, limits, learned, deadlineNanos)) {
                    return false;
                }
            } while (reduced && learned.hasGrown());
        }
        return true;
    }

    private boolean searchOne(Situation from, Limits limits, Footprints learned, long deadlineNanos) {
        Enumeration enumeration = new Enumeration(reduced);
        watcher = watcher(learned, !reduced);
        RunWatcher watching = watcher;
        do {
            runRecorded(from, limits, enumeration.begin(() -> watching.state() * 31 + stateOfStrands()), watching);
            if (System.nanoTime() - deadlineNanos > 0 || enumeration.isFull() || reached != null) {
                return false;
            }
        } while (!(reduced && learned.hasGrown()) && enumeration.advance());
        states += enumeration.states();
        return true;
    }

    private long stateOfStrands() {
        Simulation run = simulation;
        return run == null ? 0 : run.stateOfStrands();
    }

    private void searchAtRandom(List<Situation> situations, long deadlineNanos) {
        for (long seed = workload.seed(); reached == null && System.nanoTime() - deadlineNanos < 0; seed++) {
            Situation from = situations.get((int) Math.floorMod(seed, (long) situations.size()));
            Footprints learned = footprints.computeIfAbsent(from, key -> new Footprints());
            learned.freeze();
            watcher = watcher(learned, false);
            Strategy strategy = Strategy.byPriorities(seed, PCT_DEPTH, longest, options.interrupts());
            runRecorded(from, limits(UNBOUNDED, options.interrupts()), new Enumeration.Recording(strategy), watcher);
        }
    }

    /** As {@link #run(Situation, Limits, Strategy, RunWatcher)}; what is found has the choices so far as its schedule. */
    private void runRecorded(Situation from, Limits limits, Enumeration.Recording strategy, RunWatcher watching) {
        recording = strategy;
        run(from, limits, strategy, watching);
    }

    private Simulation run(Situation from, Limits limits, Strategy strategy, RunWatcher watching) {
        Simulation run = new Simulation(limits, strategy, watching, 0);
        simulation = run;
        situation = from;
        stage.prepare(run, from);
        watching.begin(run, stage.machine());
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
        schedules++;
        points += run.steps();
        longest = Math.max(longest, run.steps());
        return run;
    }

    private void beginPromises() {
        try {
            promises.begin(stage.run());
        } catch (WorkloadException e) {
            throw new IllegalStateException("promises fit as often as they do", e);
        }
    }

    // Situations.

    /** Returns the situations of this part of the search. */
    private List<Situation> mine() {
        return IntStream.range(0, situations.size())
                .filter(options.shard()::includes)
                .mapToObj(situations::get)
                .toList();
    }

    private List<Situation> situations() {
        List<Situation> all = new ArrayList<>();
        addSituations(all, new ArrayList<>());
        return all;
    }

    private void addSituations(List<Situation> all, List<Integer> roots) {
        if (roots.size() == workload.cpus()) {
            all.add(situation(new Witness.Start(roots, true)));
            if (usesRandomNumbers()) {
                all.add(situation(new Witness.Start(roots, false)));
            }
            return;
        }
        boolean any = false;
        int cpu = roots.size();
        boolean alike = stage.entries().stream().allMatch(entry -> entry.cpus().equals(CpuSet.ALL));
        int first = alike && !roots.isEmpty() ? Math.max(0, roots.getLast()) : 0;
        for (int i = first; i < stage.entries().size(); i++) {
            if (stage.entries().get(i).cpus().contains(cpu)) {
                any = true;
                addSituation(all, roots, i);
            }
        }
        if (!any) {
            addSituation(all, roots, -1);
        }
    }

    private void addSituation(List<Situation> all, List<Integer> roots, int root) {
        List<Integer> more = new ArrayList<>(roots);
        more.add(root);
        addSituations(all, more);
    }

    private boolean usesRandomNumbers() {
        return stage.run().objects().stream()
                .flatMap(object -> object.programs().values().stream())
                .anyMatch(program -> program.code().calls("bpf_get_prandom_u32"));
    }

    private Situation situation(Witness.Start start) {
        List<String> names = start.roots().stream()
                .map(root -> root < 0 ? "-" : stage.entries().get(root).name())
                .collect(Collectors.toList());
        return new Situation(start, names);
    }

    // Witnesses.

    private Witness witness(Found found) {
        target = found.finding.key();
        try {
            List<Plan.Event> plan = Shrinker.simplest(strategy -> attempt(found.situation, strategy), found.plan);
            return show(found.finding, found.situation, plan);
        } finally {
            target = null;
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

    /**
     * Runs a schedule again.
     *
     * @param key the key of the finding that it shows
     * @return the run; null where it does not show the finding
     */
    public @Nullable Witness replay(Witness.Start start, List<Plan.Event> plan, String key) {
        target = key;
        try {
            boolean known = start.roots().size() == workload.cpus()
                    && start.roots().stream()
                            .allMatch(
                                    root -> root >= -1 && root < stage.entries().size());
            Witness.Start checked = known ? start : new Witness.Start(List.of(), true);
            if (!known || attempt(situation(checked), new Plan(plan)) == null || targetFinding == null) {
                return null;
            }
            return show(targetFinding, situation(checked), plan);
        } finally {
            target = null;
        }
    }

    @Override
    public void close() {
        SchedulePoint.end();
        stage.close();
    }
}
