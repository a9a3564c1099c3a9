package dev.spinbpf.maps.sched;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a simpler schedule that fails in the same way: fewest preemptions and interrupts first, then fewest
 * switches, then fewest schedule points.
 *
 * <p>A schedule is a plan of events that differ from "go on": at this point of this strand that one goes on, or an
 * interrupt lands. An event belongs to a point of its strand rather than of the run, so that it keeps its meaning when
 * others are left out. Events are left out in stretches of falling length, and each that is left is tried at later
 * events' points of its strand; a changed plan is tried by running it. As the search is greedy the result is a local
 * minimum: none of these single changes makes it simpler.
 */
public final class Shrinker {
    private static final int MOST_RUNS = 4000;
    private static final long MOST_STEPS = 2_000_000;

    private static final Comparator<Candidate> SIMPLER = Comparator.comparingInt(Candidate::disturbances)
            .thenComparingInt(Candidate::switches)
            .thenComparingInt(Candidate::steps);

    /** Runs under a strategy; returns how the run failed, or null where it did not. */
    @FunctionalInterface
    public interface Runner {
        @Nullable
        Candidate run(Strategy strategy);
    }

    /**
     * A schedule that fails.
     *
     * @param disturbances preemptions and interrupts
     * @param switches how often a strand handed over to another
     * @param steps schedule points passed
     */
    public record Candidate(Schedule schedule, int disturbances, int switches, int steps, Throwable cause) {}

    private final Runner runner;
    private final String kind;
    private Candidate best;
    private List<Plan.Event> plan;
    private int runs;
    private long steps;

    private Shrinker(Runner runner, Candidate start, List<Plan.Event> plan) {
        this.runner = runner;
        this.best = start;
        this.plan = plan;
        this.kind = kind(start.cause());
    }

    /**
     * A simpler schedule than one that fails; the same where there is none, null where the schedule does not fail
     * again.
     */
    static @Nullable Candidate shrink(Runner runner, Schedule schedule) {
        List<Plan.Event> events = new ArrayList<>();
        Strategy replay = schedule.replay();
        Candidate start = runner.run(options -> {
            int choice = replay.choose(options);
            if (choice != 0) {
                events.add(Plan.Event.of(options, choice));
            }
            return choice;
        });
        return start == null ? null : shrink(runner, start, events);
    }

    /**
     * Returns a simpler plan than one under which a run fails; the same where there is none, or where it does not fail
     * again.
     */
    public static List<Plan.Event> simplest(Runner runner, List<Plan.Event> events) {
        Candidate start = runner.run(new Plan(events));
        return start == null ? events : shrunk(runner, start, events).plan;
    }

    private static Candidate shrink(Runner runner, Candidate start, List<Plan.Event> events) {
        return shrunk(runner, start, events).best;
    }

    private static Shrinker shrunk(Runner runner, Candidate start, List<Plan.Event> events) {
        var shrinker = new Shrinker(runner, start, events);
        Candidate before;
        do {
            before = shrinker.best;
            shrinker.leaveOutStretches();
            shrinker.postpone();
        } while (!before.equals(shrinker.best) && shrinker.hasBudget());
        return shrinker;
    }

    /** Returns the failure's message without the numbers in it. */
    private static String kind(Throwable cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), "");
        return cause.getClass().getName() + message.replaceAll("0x[0-9a-f]+|\\d+", "#");
    }

    private boolean hasBudget() {
        return runs < MOST_RUNS && steps < MOST_STEPS;
    }

    /** Leaves out stretches of events, long ones first. */
    private void leaveOutStretches() {
        for (int length = Math.max(1, plan.size() / 2); length > 0; length /= 2) {
            for (int from = 0; from < plan.size() && hasBudget(); ) {
                List<Plan.Event> shorter = new ArrayList<>(plan);
                shorter.subList(from, Math.min(plan.size(), from + length)).clear();
                if (!tryOut(shorter)) {
                    from += length;
                }
            }
        }
    }

    /** Puts each event into the place of a later one of its strand. */
    private void postpone() {
        for (int i = 0; i < plan.size() && hasBudget(); i++) {
            for (int later = i + 1; later < plan.size(); later++) {
                Plan.Event event = plan.get(i);
                Plan.Moment moment = plan.get(later).moment();
                if (moment.strand() == event.moment().strand()
                        && moment.mayContinue() == event.moment().mayContinue()) {
                    List<Plan.Event> changed = new ArrayList<>(plan);
                    changed.set(later, event.at(moment));
                    changed.remove(i);
                    if (tryOut(changed)) {
                        break;
                    }
                }
            }
        }
    }

    private boolean tryOut(List<Plan.Event> events) {
        runs++;
        var strategy = new Plan(events);
        Candidate candidate = runner.run(strategy);
        if (candidate == null) {
            steps += best.steps();
            return false;
        }
        steps += candidate.steps();
        if (!kind(candidate.cause()).equals(kind) || SIMPLER.compare(candidate, best) >= 0) {
            return false;
        }
        best = candidate;
        plan = List.copyOf(strategy.happened());
        return true;
    }
}
