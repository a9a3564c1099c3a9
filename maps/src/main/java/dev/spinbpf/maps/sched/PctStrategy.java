package dev.spinbpf.maps.sched;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): strands have random priorities, the highest that can go on
 * does, and at {@code depth - 1} random steps the strand that runs falls below all others.
 *
 * <p>Among {@code n} strands and {@code k} steps a run finds a bug that needs {@code depth} ordered events with a
 * probability of at least {@code 1 / (n * k^(depth-1))}. Interrupts are not strands: each lands at a random step of its
 * own.
 */
final class PctStrategy implements Strategy {
    private final SplittableRandom random;
    private final long[] priorities = new long[Simulation.MOST_STRANDS];
    private final int[] changes;
    private final int[] landings;
    private int nextChange;
    private int nextLanding;

    /**
     * @param depth how many events have to come in the right order, at least 1
     * @param expectedSteps how long the run is expected to be
     * @param interrupts how many interrupts may land
     */
    PctStrategy(long seed, int depth, int expectedSteps, int interrupts) {
        random = new SplittableRandom(seed);
        for (int i = 0; i < priorities.length; i++) {
            priorities[i] = random.nextLong(Long.MAX_VALUE);
        }
        changes = random.ints(depth - 1L, 1, Math.max(2, expectedSteps + 1))
                .sorted()
                .toArray();
        landings = random.ints(interrupts, 1, Math.max(2, expectedSteps + 1))
                .sorted()
                .toArray();
    }

    @Override
    public int choose(Options options) {
        if (nextLanding < landings.length && options.steps() >= landings[nextLanding]) {
            int[] landing = landingOptions(options);
            if (landing.length > 0) {
                nextLanding++;
                return landing[random.nextInt(landing.length)];
            }
        }
        while (nextChange < changes.length && options.steps() >= changes[nextChange]) {
            // The later a change the lower it falls, and always below what was there at the start.
            priorities[options.strand(highest(options))] = -1L - nextChange;
            nextChange++;
        }
        return highest(options);
    }

    private static int[] landingOptions(Options options) {
        int[] found = new int[options.count()];
        int count = 0;
        for (int option = 0; option < options.count(); option++) {
            if (options.landing(option) != null) {
                found[count++] = option;
            }
        }
        return Arrays.copyOf(found, count);
    }

    private int highest(Options options) {
        int best = -1;
        for (int option = 0; option < options.count(); option++) {
            if (options.landing(option) == null
                    && (best < 0 || priorities[options.strand(option)] > priorities[options.strand(best)])) {
                best = option;
            }
        }
        return Math.max(best, 0);
    }
}
