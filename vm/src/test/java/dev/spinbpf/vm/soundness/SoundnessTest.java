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
    private static final long STEPS = Long.getLong("spinbpf.soundness.steps", 100_000);
    private static final long SEED = Long.getLong("spinbpf.soundness.seed", 1);
    private static final int RUNS_OF_A_PROGRAM = Integer.getInteger("spinbpf.soundness.runs", 8);

    @Test
    void eachStepShouldLieInARecordedState() {
        Campaign campaign = new Campaign(SEED, RUNS_OF_A_PROGRAM);
        try (Bench bench = new Bench()) {
            Campaign.Failure failure = campaign.run(bench, STEPS);
            if (failure != null) {
                report(bench, failure.programSeed(), failure.inputSeed());
            }
        }
        System.out.printf(
                "soundness, seed %d: %d steps of %d programs accepted out of %d, %d of them with all scalars compared%n",
                SEED, campaign.steps(), campaign.accepted(), campaign.programs(), campaign.exact());
        assertThat(campaign.accepted()).isGreaterThan(campaign.programs() / 10);
        assertThat(campaign.exact()).isGreaterThan(campaign.accepted() / 2);
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
