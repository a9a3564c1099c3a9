package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.maps.sched.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * All schedules, depth first: each run repeats the choices of the one before up to the last that has an alternative
 * left. A run that comes into a state from which the search has gone on already is broken off.
 */
final class Enumeration implements Strategy {
    private final List<Integer> choices = new ArrayList<>();
    private final List<Integer> optionCounts = new ArrayList<>();
    private final ScheduleCache cache = new ScheduleCache();
    private final boolean reduced;
    private LongSupplier state = () -> 0;
    private int depth;

    /** @param reduced whether runs are broken off in known states */
    Enumeration(boolean reduced) {
        this.reduced = reduced;
    }

    /** Notes what is not the first option. */
    static final class Recording implements Strategy {
        private final Strategy strategy;
        private final List<Plan.Event> events = new ArrayList<>();

        Recording(Strategy strategy) {
            this.strategy = strategy;
        }

        @Override
        public int choose(Options options) {
            int choice = strategy.choose(options);
            if (choice > 0) {
                events.add(Plan.Event.of(options, choice));
            }
            return choice;
        }

        List<Plan.Event> events() {
            return List.copyOf(events);
        }
    }

    /**
     * Begins a run; returns the strategy for it.
     *
     * @param stateOfRun the number of the state that the run is in
     */
    Recording begin(LongSupplier stateOfRun) {
        depth = 0;
        state = stateOfRun;
        return new Recording(this);
    }

    @Override
    public int choose(Options options) {
        if (depth < choices.size()) {
            if (optionCounts.get(depth) != options.count()) {
                throw new IllegalStateException("a run is not repeatable: " + optionCounts.get(depth)
                        + " options became " + options.count() + " at choice " + depth);
            }
            return choices.get(depth++);
        }
        if (reduced && !cache.enter(key(options), options.preemptions(), options.interrupts())) {
            return CUT;
        }
        choices.add(0);
        optionCounts.add(options.count());
        depth++;
        return 0;
    }

    private long key(Options options) {
        int who = options.running() * 4 + (options.mayContinue() ? 2 : 0) + (options.isPick() ? 1 : 0);
        return TraceHash.mix(state.getAsLong() + TraceHash.mix(who + 5L));
    }

    /** Goes on to the next schedule; false where there is none. */
    boolean advance() {
        while (!choices.isEmpty()) {
            int last = choices.size() - 1;
            int next = choices.get(last) + 1;
            if (next < optionCounts.get(last)) {
                choices.set(last, next);
                return true;
            }
            choices.removeLast();
            optionCounts.removeLast();
        }
        return false;
    }

    int states() {
        return cache.count();
    }

    boolean isFull() {
        return cache.isFull();
    }
}
