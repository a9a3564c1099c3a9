package dev.spinbpf.maps.map;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Random sequences of operations on a map and on a model of it. One that fails is shrunk, and reported with its seed. */
final class Sequences {
    private static final int OPERATIONS = 8;
    private static final int NUMBERS = 64;

    private Sequences() {}

    /** An operation: what it does with its numbers is for the subject to say. */
    record Step(int operation, int key, int value) {
        @Override
        public String toString() {
            return operation + "(" + key + ", " + value + ")";
        }
    }

    /** A map and its model, new for each sequence. */
    interface Subject extends AutoCloseable {
        /** Does a step with both; raises {@link AssertionError} where they differ. */
        void apply(Step step);

        @Override
        void close();
    }

    /**
     * Runs sequences.
     *
     * @throws AssertionError with the shortest failing sequence that could be found
     */
    static void check(long seed, int sequences, int length, Supplier<Subject> fresh) {
        for (int i = 0; i < sequences; i++) {
            SplittableRandom random = new SplittableRandom(seed + i);
            List<Step> steps = new ArrayList<>();
            for (int at = 0; at < length; at++) {
                steps.add(new Step(random.nextInt(OPERATIONS), random.nextInt(NUMBERS), random.nextInt(NUMBERS)));
            }
            if (failure(steps, fresh) != null) {
                List<Step> least = shrink(steps, fresh);
                throw new AssertionError("seed " + (seed + i) + ", shrunk to " + least, failure(least, fresh));
            }
        }
    }

    private static @Nullable Throwable failure(List<Step> steps, Supplier<Subject> fresh) {
        try (Subject subject = fresh.get()) {
            steps.forEach(subject::apply);
            return null;
        } catch (AssertionError | RuntimeException e) {
            return e;
        }
    }

    private static List<Step> shrink(List<Step> failing, Supplier<Subject> fresh) {
        List<Step> least = failing;
        for (int chunk = Math.max(1, failing.size() / 2); chunk > 0; chunk /= 2) {
            for (int at = 0; at < least.size(); ) {
                List<Step> shorter = new ArrayList<>(least);
                shorter.subList(at, Math.min(at + chunk, shorter.size())).clear();
                if (failure(shorter, fresh) != null) {
                    least = shorter;
                } else {
                    at += chunk;
                }
            }
        }
        for (int at = 0; at < least.size(); at++) {
            Step step = least.get(at);
            least = simplified(least, at, new Step(step.operation, step.key, 0), fresh);
            least = simplified(least, at, new Step(step.operation, 0, least.get(at).value), fresh);
        }
        return least;
    }

    private static List<Step> simplified(List<Step> failing, int at, Step simpler, Supplier<Subject> fresh) {
        List<Step> simplified = new ArrayList<>(failing);
        simplified.set(at, simpler);
        return failure(simplified, fresh) != null ? simplified : failing;
    }
}
