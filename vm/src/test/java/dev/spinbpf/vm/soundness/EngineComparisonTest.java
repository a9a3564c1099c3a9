package dev.spinbpf.vm.soundness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.jit.AccessMode;
import dev.spinbpf.vm.jit.PlantedMistake;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Interpreter against compiler: random programs that the verifier accepted do the same in both, instruction for instruction.
 *
 * <p>A short form in an ordinary build; a million accepted programs with the Maven profile {@code engines}.
 */
class EngineComparisonTest {
    private static final long PROGRAMS = Long.getLong("spinbpf.engines.programs", 150);
    private static final long SEED = Long.getLong("spinbpf.engines.seed", 1);
    private static final int RUNS_OF_A_PROGRAM = 8;
    private static final int MOST_PROGRAMS_TO_A_MISTAKE = 400;

    @ParameterizedTest
    @EnumSource
    void shouldDoTheSame(AccessMode access) {
        RandomNumbers seeds = new RandomNumbers(SEED);
        try (Bench bench = new Bench()) {
            EngineComparison comparison = EngineComparison.of(bench, access);
            while (comparison.accepted() < PROGRAMS) {
                long seed = seeds.seed();
                String difference = comparison.difference(RandomProgram.of(seed), seed, RUNS_OF_A_PROGRAM);
                if (difference != null) {
                    report(comparison, seed);
                }
            }
            System.out.printf(
                    "engines, %s, seed %d: %d instructions of %d programs accepted out of %d%n",
                    access, SEED, comparison.executed(), comparison.accepted(), comparison.programs());
            assertThat(comparison.executed()).isGreaterThan(PROGRAMS * 100);
        }
    }

    private static void report(EngineComparison comparison, long seed) {
        List<Insn> smallest = Shrinking.shrink(
                RandomProgram.of(seed), insns -> comparison.difference(insns, seed, 4 * RUNS_OF_A_PROGRAM) != null);
        fail(
                "-Dspinbpf.engines.seed=%d, program %d:%n%s%n%s",
                SEED,
                seed,
                comparison.difference(smallest, seed, 4 * RUNS_OF_A_PROGRAM),
                AssemblyWriter.write(TrialSubject.of(smallest).object()));
    }

    @ParameterizedTest
    @EnumSource
    void shouldFind(PlantedMistake mistake) {
        RandomNumbers seeds = new RandomNumbers(SEED);
        try (Bench bench = new Bench()) {
            EngineComparison comparison = new EngineComparison(bench, mistake::compile);
            boolean found = false;
            while (!found && comparison.programs() < MOST_PROGRAMS_TO_A_MISTAKE) {
                long seed = seeds.seed();
                found = comparison.difference(RandomProgram.of(seed), seed, RUNS_OF_A_PROGRAM) != null;
            }
            assertThat(found).isTrue();
        }
    }
}
