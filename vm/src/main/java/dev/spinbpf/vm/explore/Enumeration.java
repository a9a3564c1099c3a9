package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.maps.sched.Strategy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * All schedules, depth first: each run repeats the choices of the one before up to the last that has an alternative
 * left. A run that comes into a state from which the search has gone on already is broken off.
 *
 * <p>The alternatives to an access are tried only where some schedule that goes on with the access has a later step of
 * another context which meets it directly, so that it could have come before. Otherwise the access has nothing to do with
 * whatever might have come in between, and the alternatives are as good right after it, at the same cost (dynamic
 * partial-order reduction, Flanagan and Godefroid 2005, made for bounds). What schedules have steps is kept for each state,
 * as runs are broken off there (Yang, Chen, Gopalakrishnan and Kirby 2008).
 */
final class Enumeration implements Strategy, Dependences.Choices {
    private static final int NONE = -1;

    private final List<Node> nodes = new ArrayList<>();
    private final ScheduleCache cache = new ScheduleCache();
    private final Dependences dependences;
    private final boolean reduced;
    private final int[] nextStep;
    private final boolean[] onlyIfMet;
    private LongSupplier state = () -> 0;
    private int depth;
    private int repeated;

    /** A choice that was made, and what follows from it. */
    private static final class Node {
        private final int options;
        private final int state;
        private final boolean onlyIfMet;
        private final int[] times;
        private final int[] sinceBefore;
        private final Subtree subtree = new Subtree();
        private final Subtree steps = new Subtree();
        private int choice;
        private boolean met;

        /**
         * @param times how many steps each context has made
         * @param sinceBefore for each context the bits of those whose steps since the choice before come before its next
         */
        Node(int options, int state, boolean onlyIfMet, int[] times, int[] sinceBefore) {
            this.options = options;
            this.state = state;
            this.onlyIfMet = onlyIfMet;
            this.times = times;
            this.sinceBefore = sinceBefore;
        }

        boolean hasNext() {
            return choice + 1 < options && (met || !onlyIfMet);
        }

        /** Takes in what follows from the next choice, to which some steps led from here. */
        void add(Node next) {
            next.subtree.each((word, writes, context, before) -> {
                int bits = before | next.sinceBefore[context] | steps.meeting(word, writes);
                for (int left = before; left != 0; left &= left - 1) {
                    bits |= next.sinceBefore[Integer.numberOfTrailingZeros(left)];
                }
                subtree.add(word, writes, context, bits & ~(1 << context));
            });
        }
    }

    /**
     * @param contexts how many there are
     * @param reduced whether runs are broken off in known states, and alternatives left out
     */
    Enumeration(int contexts, boolean reduced) {
        this.reduced = reduced;
        dependences = new Dependences(contexts);
        nextStep = new int[contexts];
        onlyIfMet = new boolean[contexts];
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
        repeated = nodes.size();
        state = stateOfRun;
        dependences.reset();
        Arrays.fill(nextStep, NONE);
        Arrays.fill(onlyIfMet, false);
        return new Recording(this);
    }

    @Override
    public int choose(Options options) {
        int running = options.running();
        if (depth < nodes.size()) {
            Node node = nodes.get(depth);
            if (node.options != options.count()) {
                throw new IllegalStateException("a run is not repeatable: " + node.options + " options became "
                        + options.count() + " at choice " + depth);
            }
            note(running, options);
            return node.choice;
        }
        int number = NONE;
        if (reduced) {
            number = cache.number(key(options));
            Subtree known = cache.enter(number, options.preemptions(), options.interrupts());
            if (known != null) {
                dependences.foresee(known, this);
                return CUT;
            }
        }
        boolean lazy = reduced && running >= 0 && options.mayContinue() && !options.isPick() && onlyIfMet[running];
        int[] before = nodes.isEmpty() ? new int[nextStep.length] : dependences.since(nodes.getLast().times);
        nodes.add(new Node(options.count(), number, lazy, dependences.times(), before));
        note(running, options);
        return 0;
    }

    private void note(int running, Options options) {
        if (running >= 0 && !options.isPick()) {
            nextStep[running] = depth;
        }
        depth++;
    }

    private long key(Options options) {
        int who = options.running() * 4 + (options.mayContinue() ? 2 : 0) + (options.isPick() ? 1 : 0);
        return TraceHash.mix(state.getAsLong() + TraceHash.mix(who + 5L));
    }

    /** Goes on to the next schedule; false where there is none. */
    boolean advance() {
        while (!nodes.isEmpty()) {
            Node last = nodes.getLast();
            if (last.hasNext()) {
                last.choice++;
                last.steps.clear();
                return true;
            }
            nodes.removeLast();
            if (last.state != NONE) {
                cache.leave(last.state, last.subtree);
            }
            if (!nodes.isEmpty()) {
                nodes.getLast().add(last);
            }
        }
        return false;
    }

    // Steps.

    /** Says that a CPU is about to make a choice before an access, or that it is about something else. */
    void before(int cpu, boolean isAccess) {
        onlyIfMet[cpu] = isAccess;
    }

    /** Returns true where the next choice of a CPU is before an access. */
    boolean isBefore(int cpu) {
        return onlyIfMet[cpu];
    }

    /** Returns the choice before the step that a CPU makes now, or -1. */
    int choiceBefore(int cpu) {
        return nextStep[cpu];
    }

    /** A CPU has made its step. */
    void after(int cpu) {
        nextStep[cpu] = NONE;
        onlyIfMet[cpu] = false;
    }

    /** Returns the order of the steps of the run. */
    Dependences dependences() {
        return dependences;
    }

    @Override
    public void reversible(int choice) {
        if (choice != NONE && choice < nodes.size()) {
            nodes.get(choice).met = true;
        }
    }

    @Override
    public void used(int word, boolean writes, int context, int[] clock) {
        if (!nodes.isEmpty() && depth >= repeated) {
            Node last = nodes.getLast();
            last.subtree.add(word, writes, context, Dependences.since(last.times, clock, context));
        }
    }

    @Override
    public void stepped(int word, boolean writes, int context) {
        if (!nodes.isEmpty() && depth >= repeated) {
            nodes.getLast().steps.add(word, writes, context, 0);
        }
    }

    int states() {
        return cache.count();
    }

    boolean isFull() {
        return cache.isFull();
    }
}
