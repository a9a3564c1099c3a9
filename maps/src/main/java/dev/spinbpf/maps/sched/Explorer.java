package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.sync.SchedulePoint;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Runs a scenario under many schedules, until one fails. */
public final class Explorer {
    private Explorer() {}

    /**
     * The result of an exploration.
     *
     * @param runs how many schedules
     * @param points how many schedule points were passed in all
     * @param switches how often a strand handed over to another
     * @param nanos how long it took, in real time
     */
    public record Exploration(long runs, long points, long switches, long nanos) {
        /** Schedule points a second. */
        public double pointsPerSecond() {
            return points * 1e9 / nanos;
        }
    }

    /**
     * Runs every schedule within the limits. Choices among strands when one cannot go on are free; to stop one that can
     * costs a preemption.
     *
     * @throws ScheduleFailure where a run fails, with its schedule shrunk
     */
    public static Exploration exhaustively(Limits limits, Scenario scenario) {
        var enumeration = new Enumeration();
        try (var tally = new Tally(limits, scenario)) {
            do {
                enumeration.restart();
                tally.run(enumeration);
            } while (enumeration.advance());
            return tally.result();
        }
    }

    /**
     * Runs random schedules, the first with {@code seed} and each with a seed one higher.
     *
     * @throws ScheduleFailure where a run fails, with its schedule shrunk
     */
    public static Exploration randomly(Limits limits, long seed, int runs, Scenario scenario) {
        try (var tally = new Tally(limits, scenario)) {
            for (int i = 0; i < runs; i++) {
                tally.run(new RandomStrategy(seed + i));
            }
            return tally.result();
        }
    }

    /**
     * Runs schedules by random priorities (PCT), the first with {@code seed} and each with a seed one higher. Finds
     * bugs of a small depth among many strands and steps where neither enumeration nor unbiased choice gets there.
     *
     * @param limits preemptions should not be bounded: few happen by themselves
     * @param depth how many events have to come in one order for the bug to show, at least 1; 2 or 3 find most
     * @throws ScheduleFailure where a run fails, with its schedule shrunk
     */
    static Exploration byPriorities(Limits limits, long seed, int depth, int runs, Scenario scenario) {
        if (depth < 1) {
            throw new IllegalArgumentException("depth is " + depth + "; it has to be at least 1");
        }
        try (var tally = new Tally(limits, scenario)) {
            int longest = 0;
            for (int i = 0; i < runs; i++) {
                Simulation run = tally.run(new PctStrategy(seed + i, depth, longest, limits.interrupts()));
                longest = Math.max(longest, run.steps());
            }
            return tally.result();
        }
    }

    /**
     * Repeats a run and records it.
     *
     * @return the simulation after the run, with its {@link Simulation#timeline}
     * @throws ScheduleFailure where the run fails (again)
     */
    public static Simulation replay(Limits limits, Schedule schedule, Scenario scenario) {
        try (var tally = new Tally(limits, scenario)) {
            return tally.replay(schedule);
        }
    }

    /** Runs simulations one after the other, and counts. */
    private static final class Tally implements AutoCloseable {
        private final Limits limits;
        private final Scenario scenario;
        private final long startNanos = System.nanoTime();
        private long runs;
        private long points;
        private long switches;

        Tally(Limits limits, Scenario scenario) {
            this.limits = limits;
            this.scenario = scenario;
            SchedulePoint.begin();
        }

        /** Runs under a strategy. Where that fails, throws the simplest failure of its kind that it finds. */
        Simulation run(Strategy strategy) {
            var simulation = new Simulation(limits, strategy);
            try {
                run(simulation);
            } catch (ScheduleFailure failure) {
                throw shrink(failure);
            }
            runs++;
            points += simulation.steps();
            switches += simulation.switches();
            return simulation;
        }

        private void run(Simulation simulation) {
            scenario.prepare(simulation);
            simulation.run();
        }

        Simulation replay(Schedule schedule) {
            var simulation = new Simulation(limits, schedule.replay());
            simulation.record(new Timeline());
            run(simulation);
            return simulation;
        }

        private ScheduleFailure shrink(ScheduleFailure failure) {
            Shrinker.Candidate simplest = Shrinker.shrink(this::attempt, failure.schedule());
            if (simplest == null) {
                return failure;
            }
            var simulation = new Simulation(limits, simplest.schedule().replay());
            simulation.record(new Timeline());
            try {
                run(simulation);
                return failure;
            } catch (ScheduleFailure again) {
                again.explain(simulation, failure);
                return again;
            }
        }

        private Shrinker.@Nullable Candidate attempt(Strategy strategy) {
            var simulation = new Simulation(limits, strategy);
            try {
                run(simulation);
                return null;
            } catch (ScheduleFailure failure) {
                return new Shrinker.Candidate(
                        simulation.schedule().withoutTrailingZeros(),
                        simulation.disturbances(),
                        simulation.switches(),
                        simulation.steps(),
                        failure.reason());
            }
        }

        @Override
        public void close() {
            SchedulePoint.end();
        }

        Exploration result() {
            return new Exploration(runs, points, switches, System.nanoTime() - startNanos);
        }
    }

    /** Depth-first: each run repeats the choices of the one before up to the last that has an alternative left. */
    private static final class Enumeration implements Strategy {
        private int[] choices = new int[64];
        private int[] optionCounts = new int[64];
        private int depth;
        private int recorded;

        void restart() {
            depth = 0;
        }

        @Override
        public int choose(Options options) {
            int optionCount = options.count();
            if (depth == recorded) {
                if (recorded == choices.length) {
                    choices = Arrays.copyOf(choices, 2 * recorded);
                    optionCounts = Arrays.copyOf(optionCounts, 2 * recorded);
                }
                choices[recorded] = 0;
                optionCounts[recorded++] = optionCount;
            } else if (optionCounts[depth] != optionCount) {
                throw new IllegalStateException("the scenario is not deterministic: " + optionCounts[depth]
                        + " options became " + optionCount + " at choice " + depth);
            }
            return choices[depth++];
        }

        boolean advance() {
            while (recorded > 0) {
                if (++choices[recorded - 1] < optionCounts[recorded - 1]) {
                    return true;
                }
                recorded--;
            }
            return false;
        }
    }

    private static final class RandomStrategy implements Strategy {
        private static final int CONTINUES_AMONG = 8;

        private final SplittableRandom random;

        RandomStrategy(long seed) {
            random = new SplittableRandom(seed);
        }

        @Override
        public int choose(Options options) {
            if (options.mayContinue() && random.nextInt(CONTINUES_AMONG) != 0) {
                return 0;
            }
            return random.nextInt(options.count());
        }
    }
}
