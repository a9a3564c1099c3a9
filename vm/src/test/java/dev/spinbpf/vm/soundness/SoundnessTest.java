package dev.spinbpf.vm.soundness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.isa.Insn;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Soundness by execution: random programs that the verifier accepted run on random input, and before each instruction the live
 * registers and stack slots must lie, all together, in one state that the verifier recorded there.
 *
 * <p>A short form in an ordinary build; 10<sup>8</sup> steps with the Maven profile {@code soundness}.
 */
class SoundnessTest {
    private static final long STEPS = Long.getLong("spinbpf.soundness.steps", 200_000);
    private static final long SEED = Long.getLong("spinbpf.soundness.seed", 1);
    private static final int RUNS_OF_A_PROGRAM = 30;

    @Test
    void eachStepShouldLieInARecordedState() {
        long steps = 0;
        long programs = 0;
        long accepted = 0;
        long exact = 0;
        RandomNumbers seeds = new RandomNumbers(SEED);
        try (Bench bench = new Bench()) {
            while (steps < STEPS) {
                long seed = seeds.seed();
                programs++;
                Trial trial = trialOf(bench, seed);
                if (trial == null) {
                    continue;
                }
                accepted++;
                exact += trial.hasExactStates() ? 1 : 0;
                for (int run = 0; run < RUNS_OF_A_PROGRAM; run++) {
                    if (trial.run(seed + run) != null) {
                        report(bench, seed, seed + run);
                    }
                    steps += trial.executed();
                }
            }
        }
        System.out.printf(
                "soundness, seed %d: %d steps of %d programs accepted out of %d, %d of them with all scalars compared%n",
                SEED, steps, accepted, programs, exact);
        assertThat(accepted).isGreaterThan(programs / 10);
        assertThat(exact).isGreaterThan(accepted / 2);
    }

    private static @Nullable Trial trialOf(Bench bench, long seed) {
        try {
            return Trial.of(bench, RandomProgram.of(seed));
        } catch (IllegalStateException e) {
            report(bench, seed, seed);
            throw e;
        }
    }

    private static void report(Bench bench, long programSeed, long inputSeed) {
        List<Insn> smallest =
                Shrinking.shrink(RandomProgram.of(programSeed), insns -> finding(bench, insns, inputSeed) != null);
        fail(
                "-Dspinbpf.soundness.seed=%d, program %d, input %d:%n%s%n%s",
                SEED,
                programSeed,
                inputSeed,
                finding(bench, smallest, inputSeed),
                AssemblyWriter.write(TrialSubject.of(smallest).object()));
    }

    private static @Nullable String finding(Bench bench, List<Insn> insns, long inputSeed) {
        Trial trial;
        try {
            trial = Trial.of(bench, insns);
        } catch (IllegalStateException e) {
            return e.toString();
        }
        if (trial == null) {
            return null;
        }
        for (int run = 0; run < 200; run++) {
            String finding = trial.run(inputSeed + run);
            if (finding != null) {
                return finding;
            }
        }
        return null;
    }
}
