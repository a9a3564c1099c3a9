package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.sched.Plan;
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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A search over the schedules of a workload: from each situation (which program each CPU begins with, or several where options say so), first without
 * preemptions and interrupts, then with one of each, and so on up to the bounds, so that what is found first is found
 * with few. With a promise that has to hold always, no schedule is left out. If the time is over before, random priorities choose for the last part of it.
 *
 * <p>Situations are searched side by side. What they came to is put together in their order, so that a search which comes
 * to its end is the same with any number of jobs.
 */
public final class ScheduleSearch implements AutoCloseable {
    private static final int FIRST_LENGTH = 100;

    private final ExploreOptions options;
    private final ProgramWorkload workload;
    private final Stage stage;
    private final Searchers searchers;
    private final int jobs;
    private final SearchProgress progress = new SearchProgress();
    private final Results results = new Results();
    private final Map<Situation, Footprints> footprints = new HashMap<>();
    private final Map<String, Placed> foundByKey = new LinkedHashMap<>();
    private final List<LockPrediction> predictions;
    private final List<Situation> situations;
    private int pass;
    private @Nullable Predicate<Finding> goal;
    private @Nullable Placed reached;
    private long schedules;
    private long states;
    private long classes;
    private long points;
    private int longest = FIRST_LENGTH;

    /** Something that was found, and the moment. */
    private record Placed(Found found, ExploreReport.Discovery discovery) {}

    private ScheduleSearch(ProgramWorkload workload, ExploreOptions options, boolean reduced, int jobs)
            throws WorkloadException {
        this.options = options;
        this.workload = workload;
        this.jobs = jobs;
        Searcher first = new Searcher(workload, options, reduced, progress);
        stage = first.stage();
        searchers = new Searchers(first, jobs, () -> another(workload, options, reduced));
        predictions = predict();
        situations = situations();
        SchedulePoint.begin();
    }

    private Searcher another(ProgramWorkload ofAll, ExploreOptions within, boolean reduced) {
        try {
            return new Searcher(ofAll, within, reduced, progress);
        } catch (WorkloadException e) {
            throw new IllegalStateException("a workload can be prepared as often as it is", e);
        }
    }

    private List<LockPrediction> predict() throws WorkloadException {
        boolean done = false;
        try {
            List<LockPrediction> predicted = options.predictions() ? Predictions.of(stage.run()) : List.of();
            done = true;
            return predicted;
        } finally {
            if (!done) {
                searchers.close();
            }
        }
    }

    /**
     * Prepares a search with one job.
     *
     * @throws WorkloadException where the workload cannot be prepared, or a promise does not fit it
     */
    public static ScheduleSearch prepare(ProgramWorkload workload, ExploreOptions options) throws WorkloadException {
        return prepare(workload, options, 1);
    }

    /**
     * Prepares a search.
     *
     * @param jobs how many situations are searched side by side
     * @throws WorkloadException where the workload cannot be prepared, or a promise does not fit it
     */
    public static ScheduleSearch prepare(ProgramWorkload workload, ExploreOptions options, int jobs)
            throws WorkloadException {
        return new ScheduleSearch(workload, options, true, jobs);
    }

    /** As {@link #prepare}, but for a search that leaves no schedule out, to compare with. */
    static ScheduleSearch exhaustive(ProgramWorkload workload, ExploreOptions options) throws WorkloadException {
        return new ScheduleSearch(workload, options, false, 1);
    }

    /** Calls {@code ended} at the end of each run that was not broken off; for searches with one job. */
    void atEnds(Consumer<Machine> ended) {
        searchers.first().atEnds(ended);
    }

    /** Ends the search when something is found that is wanted. */
    void until(Predicate<Finding> wanted) {
        goal = wanted;
    }

    /** Returns the counts so far; any thread may read them while the search goes on. */
    public SearchProgress progress() {
        return progress;
    }

    // The search.

    /** Searches and reports. */
    public ExploreReport run() {
        long startNanos = System.nanoTime();
        List<Pursued> checked = pursueAll();
        int covered = search(startNanos);
        List<Placed> found = foundByKey.values().stream()
                .sorted((one, other) -> one.found
                        .finding()
                        .kind()
                        .compareTo(other.found.finding().kind()))
                .toList();
        List<List<Plan.Event>> plans =
                searchers.each(found.size(), (searcher, number) -> searcher.simplest(found.get(number).found, null));
        // All on one machine, as addresses are shown: they differ from one to the other.
        List<Witness> witnesses = IntStream.range(0, found.size())
                .mapToObj(number -> searchers.first().show(found.get(number).found, plans.get(number), null))
                .toList();
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
                schedules,
                states,
                classes,
                points,
                checked.stream().map(this::checked).toList(),
                found.stream().map(Placed::discovery).toList());
    }

    private CheckedPrediction checked(Pursued pursued) {
        Placed shown = pursued.found;
        if (shown == null) {
            return new CheckedPrediction(
                    pursued.prediction,
                    pursued.whole ? CheckedPrediction.Outcome.NOT_WITHIN_BOUNDS : CheckedPrediction.Outcome.OUT_OF_TIME,
                    null);
        }
        PredictionMatch wanted = new PredictionMatch(pursued.prediction);
        Witness witness = searchers.first().show(shown.found, searchers.first().simplest(shown.found, wanted), wanted);
        return new CheckedPrediction(pursued.prediction, CheckedPrediction.Outcome.CONFIRMED, witness);
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
    private int searchWithin(List<Situation> from, long deadlineNanos) {
        int covered = -1;
        boolean goesOn = true;
        for (int bound = 0; goesOn && bound <= mostBound(); bound++) {
            goesOn = searchAll(from, bound, Math.max(0, bound - 1), deadlineNanos)
                    && searchAll(from, bound, bound, deadlineNanos);
            covered = goesOn ? bound : covered;
        }
        return covered;
    }

    private boolean searchAll(List<Situation> from, int bound, int interruptBound, long deadlineNanos) {
        states = 0;
        classes = 0;
        pass++;
        int preemptions = Math.min(bound, options.preemptions());
        int interrupts = Math.min(interruptBound, options.interrupts());
        progress.within(preemptions + " preemptions, " + interrupts + " interrupts");
        from.forEach(this::footprintsOf);
        AtomicInteger firstReached = new AtomicInteger(Integer.MAX_VALUE);
        Predicate<Finding> wanted = goal;
        List<Gathered> parts = searchers.each(from.size(), (searcher, number) -> {
            Situation next = from.get(number);
            Gathered part = searcher.explore(
                    next,
                    preemptions,
                    interrupts,
                    footprintsOf(next),
                    wanted,
                    () -> number > firstReached.get() || System.nanoTime() - deadlineNanos > 0);
            if (part.reached() != null) {
                firstReached.accumulateAndGet(number, Math::min);
            }
            return part;
        });
        boolean whole = true;
        for (int i = 0; i < parts.size() && reached == null; i++) {
            add(parts.get(i), from.get(i));
            whole &= parts.get(i).isWhole();
        }
        return whole;
    }

    private Footprints footprintsOf(Situation from) {
        return footprints.computeIfAbsent(from, key -> new Footprints());
    }

    /** Adds what the search from a situation came to, after those from the situations before. */
    private void add(Gathered part, Situation from) {
        Found wanted = part.reached();
        int index = situations.indexOf(from);
        for (Found each : part.found().values()) {
            var discovery = new ExploreReport.Discovery(pass, index, foundByKey.size());
            foundByKey.putIfAbsent(each.finding().key(), new Placed(each, discovery));
        }
        if (wanted != null && reached == null) {
            reached = new Placed(wanted, new ExploreReport.Discovery(pass, index, foundByKey.size()));
        }
        results.add(part.results());
        schedules += part.schedules();
        points += part.points();
        states += part.states();
        classes += part.classes();
        longest = Math.max(longest, part.longest());
        progress.found(foundByKey.size());
    }

    private void searchAtRandom(List<Situation> from, long deadlineNanos) {
        progress.within("random priorities");
        Predicate<Finding> wanted = goal;
        for (long seed = workload.seed(); reached == null && System.nanoTime() - deadlineNanos < 0; seed += jobs) {
            long first = seed;
            int length = longest;
            List<Gathered> parts = searchers.each(jobs, (searcher, number) -> {
                Situation next = from.get((int) Math.floorMod(first + number, (long) from.size()));
                return searcher.atRandom(
                        next, first + number, length, footprintsOf(next).copy(), wanted);
            });
            for (int i = 0; i < parts.size(); i++) {
                add(parts.get(i), from.get((int) Math.floorMod(seed + i, (long) from.size())));
            }
        }
    }

    // Predictions.

    /** A prediction; what confirms it, and whether all schedules were run. */
    private record Pursued(
            LockPrediction prediction, @Nullable Placed found, boolean whole) {}

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
        Placed found = reached;
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
        int runs = options.runs();
        if (roots.size() == workload.cpus() * runs) {
            all.add(situation(new Witness.Start(roots, true)));
            if (usesRandomNumbers()) {
                all.add(situation(new Witness.Start(roots, false)));
            }
            return;
        }
        boolean any = false;
        int cpu = roots.size() / runs;
        for (int i = leastRoot(roots); i < stage.entries().size(); i++) {
            if (stage.entries().get(i).cpus().contains(cpu)) {
                any = true;
                addSituation(all, roots, i);
            }
        }
        if (!any) {
            addSituation(all, roots, -1);
        }
    }

    /**
     * Returns the least number of a root that comes next: where CPUs are alike, those of one are not before those of the
     * CPU before it, in the order of lists.
     */
    private int leastRoot(List<Integer> roots) {
        int runs = options.runs();
        int begin = roots.size() / runs * runs;
        boolean alike = stage.entries().stream().allMatch(entry -> entry.cpus().equals(CpuSet.ALL));
        boolean same = begin > 0
                && roots.subList(begin, roots.size()).equals(roots.subList(begin - runs, roots.size() - runs));
        return alike && same ? Math.max(0, roots.get(roots.size() - runs)) : 0;
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
        List<String> names = IntStream.range(0, workload.cpus())
                .mapToObj(cpu -> start.ofCpu(cpu, workload.cpus()).stream()
                        .map(root -> root < 0 ? "-" : stage.entries().get(root).name())
                        .collect(Collectors.joining(", ")))
                .toList();
        return new Situation(start, names);
    }

    /**
     * Runs a schedule again.
     *
     * @param key the key of the finding that it shows
     * @return the run; null where it does not show the finding
     */
    public @Nullable Witness replay(Witness.Start start, List<Plan.Event> plan, String key) {
        boolean known = start.roots().size() % workload.cpus() == 0
                && start.roots().stream()
                        .allMatch(root -> root >= -1 && root < stage.entries().size());
        return known ? searchers.first().replay(situation(start), plan, key) : null;
    }

    @Override
    public void close() {
        SchedulePoint.end();
        searchers.close();
    }
}
