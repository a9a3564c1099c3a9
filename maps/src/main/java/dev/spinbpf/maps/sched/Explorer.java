package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.sync.SchedulePoint;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Runs a scenario under many schedules, until one fails. */
public final class Explorer {
    private Explorer() {}

    /**
     * What was explored.
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
     * Runs every schedule within the limits. Choices among strands when one cannot go on are free; to stop one that can costs a
     * preemption.
     *
     * @throws ScheduleFailure where a run fails
     */
    public static Exploration exhaustively(Limits limits, Scenario scenario) {
        var enumeration = new Enumeration();
        try (var tally = new Tally()) {
            do {
                enumeration.restart();
                tally.run(new Simulation(limits, enumeration), scenario);
            } while (enumeration.advance());
            return tally.result();
        }
    }

    /**
     * Runs random schedules, the first with {@code seed} and each with a seed one higher.
     *
     * @throws ScheduleFailure where a run fails
     */
    public static Exploration randomly(Limits limits, long seed, int runs, Scenario scenario) {
        try (var tally = new Tally()) {
            for (int i = 0; i < runs; i++) {
                tally.run(new Simulation(limits, new RandomStrategy(seed + i)), scenario);
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
        var simulation = new Simulation(limits, schedule.replay());
        simulation.record(new Timeline());
        try (var tally = new Tally()) {
            tally.run(simulation, scenario);
        }
        return simulation;
    }

    /** Runs simulations one after the other under one installed hook, and counts. */
    private static final class Tally implements AutoCloseable {
        private final long startNanos = System.nanoTime();
        private volatile @Nullable Simulation running;
        private long runs;
        private long points;
        private long switches;

        Tally() {
            SchedulePoint.install((access, owner, address) -> {
                Simulation simulation = running;
                if (simulation != null) {
                    simulation.reach(access, owner, address);
                }
            });
        }

        void run(Simulation simulation, Scenario scenario) {
            scenario.prepare(simulation);
            running = simulation;
            simulation.run();
            running = null;
            runs++;
            points += simulation.steps();
            switches += simulation.switches();
        }

        @Override
        public void close() {
            SchedulePoint.remove();
        }

        Exploration result() {
            return new Exploration(runs, points, switches, System.nanoTime() - startNanos);
        }
    }

    /** Depth-first: each run repeats the choices of the one before up to the last that has an alternative left. */
    private static final class Enumeration implements Strategy {
        private int[] choices = new int[64];
        private int[] options = new int[64];
        private int depth;
        private int recorded;

        void restart() {
            depth = 0;
        }

        @Override
        public int choose(int optionCount, boolean mayContinue) {
            if (depth == recorded) {
                if (recorded == choices.length) {
                    choices = Arrays.copyOf(choices, 2 * recorded);
                    options = Arrays.copyOf(options, 2 * recorded);
                }
                choices[recorded] = 0;
                options[recorded++] = optionCount;
            } else if (options[depth] != optionCount) {
                throw new IllegalStateException("the scenario is not deterministic: " + options[depth]
                        + " options became " + optionCount + " at choice " + depth);
            }
            return choices[depth++];
        }

        boolean advance() {
            while (recorded > 0) {
                if (++choices[recorded - 1] < options[recorded - 1]) {
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
        public int choose(int options, boolean mayContinue) {
            if (mayContinue && random.nextInt(CONTINUES_AMONG) != 0) {
                return 0;
            }
            return random.nextInt(options);
        }
    }
}
