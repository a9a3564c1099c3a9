package dev.spinbpf.vm.soundness;

import org.jspecify.annotations.Nullable;

/** Trials of random programs, one after the other. */
final class Campaign {
    private final RandomNumbers seeds;
    private final int runsOfAProgram;
    private long steps;
    private long programs;
    private long accepted;
    private long exact;

    /** @param seed of the programs and their inputs */
    Campaign(long seed, int runsOfAProgram) {
        seeds = new RandomNumbers(seed);
        this.runsOfAProgram = runsOfAProgram;
    }

    /** A program and an input with which it went wrong. */
    record Failure(long programSeed, long inputSeed) {}

    /** Goes on until so many instructions were executed in all, or something goes wrong. */
    @Nullable
    Failure run(Bench bench, long mostSteps) {
        while (steps < mostSteps) {
            long seed = seeds.seed();
            programs++;
            Trial trial;
            try {
                trial = Trial.of(bench, RandomProgram.of(seed));
            } catch (IllegalStateException e) {
                return new Failure(seed, seed);
            }
            Failure failure = trial == null ? null : run(trial, seed);
            if (failure != null) {
                return failure;
            }
        }
        return null;
    }

    private @Nullable Failure run(Trial trial, long seed) {
        accepted++;
        exact += trial.hasExactStates() ? 1 : 0;
        for (int run = 0; run < runsOfAProgram; run++) {
            String finding = trial.run(seed + run);
            steps += trial.executed();
            if (finding != null) {
                return new Failure(seed, seed + run);
            }
        }
        return null;
    }

    /** Executed instructions. */
    long steps() {
        return steps;
    }

    /** Programs, be they accepted or not. */
    long programs() {
        return programs;
    }

    /** Programs that the verifier accepted. */
    long accepted() {
        return accepted;
    }

    /** Those that it accepted with all scalars compared, too. */
    long exact() {
        return exact;
    }
}
