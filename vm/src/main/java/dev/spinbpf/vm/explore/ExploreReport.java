package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The result of an exploration.
 *
 * @param cpus how many CPUs
 * @param options the bounds
 * @param programs the programs that events run, each with its level
 * @param answers the answers for all programs
 * @param situations how many situations there are to start from
 * @param sites what attempts to take locks came to
 * @param witnesses what was found, each with its schedule
 * @param notes loads and stores that nothing orders and that may be meant so
 * @param coveredPreemptions the bound within which all schedules were run, -1 for none
 * @param coveredInterrupts the same for interrupts
 * @param schedules how many schedules were run
 * @param states in how many different states there was a choice, in the last search
 * @param classes how many runs came to their end, in the last search, that differ in more than the order of steps which
 *     have nothing to do with each other
 * @param points how many schedule points were passed
 * @param predictions what became of predictions, where they were asked for
 * @param discoveries when each witness's finding was found
 */
public record ExploreReport(
        int cpus,
        ExploreOptions options,
        List<String> programs,
        List<WorkloadRun.Answer> answers,
        int situations,
        List<LockSite> sites,
        List<Witness> witnesses,
        List<String> notes,
        int coveredPreemptions,
        int coveredInterrupts,
        long schedules,
        long states,
        long classes,
        long points,
        List<CheckedPrediction> predictions,
        List<Discovery> discoveries) {
    public ExploreReport {
        programs = List.copyOf(programs);
        answers = List.copyOf(answers);
        sites = List.copyOf(sites);
        witnesses = List.copyOf(witnesses);
        notes = List.copyOf(notes);
        predictions = List.copyOf(predictions);
        discoveries = List.copyOf(discoveries);
    }

    /**
     * The moment at which something was found, the same in a part of a search as in the whole one.
     *
     * @param stage which pair of bounds was searched
     * @param situation the index of the situation
     * @param order counts the findings of that part of the search
     */
    public record Discovery(int stage, int situation, int order) implements Comparable<Discovery> {
        private static final Comparator<Discovery> ORDER = Comparator.comparingInt(Discovery::stage)
                .thenComparingInt(Discovery::situation)
                .thenComparingInt(Discovery::order);

        @Override
        public int compareTo(Discovery other) {
            return ORDER.compare(this, other);
        }
    }

    /** A witness, and when its finding was found. */
    private record Found(Discovery discovery, Witness witness) {}

    /** Returns the report of a whole search from those of all its parts. */
    public static ExploreReport merge(List<ExploreReport> parts) {
        ExploreReport first = parts.getFirst();
        List<Found> found = found(parts);
        return new ExploreReport(
                first.cpus,
                first.options.withShard(ExploreOptions.Shard.WHOLE),
                first.programs,
                first.answers,
                parts.stream().mapToInt(ExploreReport::situations).sum(),
                sites(parts),
                found.stream().map(Found::witness).toList(),
                parts.stream()
                        .flatMap(part -> part.notes.stream())
                        .distinct()
                        .sorted()
                        .toList(),
                parts.stream().mapToInt(ExploreReport::coveredPreemptions).min().orElse(-1),
                parts.stream().mapToInt(ExploreReport::coveredInterrupts).min().orElse(-1),
                parts.stream().mapToLong(ExploreReport::schedules).sum(),
                parts.stream().mapToLong(ExploreReport::states).sum(),
                parts.stream().mapToLong(ExploreReport::classes).sum(),
                parts.stream().mapToLong(ExploreReport::points).sum(),
                List.of(),
                found.stream().map(Found::discovery).toList());
    }

    /** Of each finding the one that the whole search would have found first, in its order. */
    private static List<Found> found(List<ExploreReport> parts) {
        Map<String, Found> byKey = new HashMap<>();
        for (ExploreReport part : parts) {
            for (int i = 0; i < part.witnesses.size(); i++) {
                Found next = new Found(part.discoveries.get(i), part.witnesses.get(i));
                byKey.merge(
                        next.witness.finding().key(),
                        next,
                        (one, other) -> one.discovery.compareTo(other.discovery) <= 0 ? one : other);
            }
        }
        return byKey.values().stream()
                .sorted(Comparator.comparing(
                                (Found each) -> each.witness.finding().kind())
                        .thenComparing(Found::discovery))
                .toList();
    }

    private static List<LockSite> sites(List<ExploreReport> parts) {
        Map<List<Object>, LockSite> sites = new HashMap<>();
        for (ExploreReport part : parts) {
            for (LockSite site : part.sites) {
                sites.merge(List.of(site.place(), site.lock()), site, ExploreReport::joined);
            }
        }
        return sites.values().stream().sorted(LockSite.ORDER).toList();
    }

    private static LockSite joined(LockSite one, LockSite other) {
        Set<LockOutcome> results = EnumSet.copyOf(one.results());
        results.addAll(other.results());
        return new LockSite(one.place(), one.lock(), results);
    }

    /** Returns true where all schedules within the bounds were run. */
    public boolean isComplete() {
        return coveredPreemptions == options.preemptions() && coveredInterrupts == options.interrupts();
    }
}
