package dev.spinbpf.vm.soundness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.vm.jit.PlantedMistake;
import java.util.List;
import org.junit.jupiter.api.Test;
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
    private static final int PROGRAMS_TO_A_REPORT = 50_000;
    private static final int MOST_PROGRAMS_TO_A_MISTAKE = 400;

    @Test
    void shouldDoTheSame() {
        RandomNumbers seeds = new RandomNumbers(SEED);
        try (Bench bench = new Bench()) {
            EngineComparison comparison = EngineComparison.of(bench);
            while (comparison.accepted() < PROGRAMS) {
                long seed = seeds.seed();
                String difference = comparison.difference(program(seed), seed, RUNS_OF_A_PROGRAM);
                if (difference != null) {
                    report(comparison, seed);
                }
                if (comparison.programs() % PROGRAMS_TO_A_REPORT == 0) {
                    print(comparison);
                }
            }
            print(comparison);
            assertThat(comparison.executed()).isGreaterThan(PROGRAMS * 100);
            assertThat(2 * comparison.complete()).isGreaterThanOrEqualTo(comparison.accepted());
        }
    }

    /** Two of three have a loop, a call, a map access and an atomic for certain. */
    private static List<Insn> program(long seed) {
        return seed % 3 == 0 ? RandomProgram.of(seed) : RandomProgram.withEachKind(seed);
    }

    private static void print(EngineComparison comparison) {
        System.out.printf(
                "engines, seed %d: %d instructions of %d programs accepted out of %d, %d of them with loop, call, map access and atomic%n",
                SEED, comparison.executed(), comparison.accepted(), comparison.programs(), comparison.complete());
    }

    private static void report(EngineComparison comparison, long seed) {
        List<Insn> smallest = Shrinking.shrink(
                program(seed), insns -> comparison.difference(insns, seed, 4 * RUNS_OF_A_PROGRAM) != null);
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
            EngineComparison comparison = new EngineComparison(bench, List.of((code, _) -> mistake.compile(code)));
            boolean found = false;
            while (!found && comparison.programs() < MOST_PROGRAMS_TO_A_MISTAKE) {
                long seed = seeds.seed();
                found = comparison.difference(program(seed), seed, RUNS_OF_A_PROGRAM) != null;
            }
            assertThat(found).isTrue();
        }
    }
}
