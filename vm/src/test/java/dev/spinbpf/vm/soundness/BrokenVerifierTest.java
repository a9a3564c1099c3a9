package dev.spinbpf.vm.soundness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.vm.broken.BrokenCopy;
import java.lang.classfile.CodeBuilder;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

/** Random programs find a verifier that was broken on purpose. */
class BrokenVerifierTest {
    private static final long MOST_STEPS = 100_000;
    private static final int RUNS_OF_A_PROGRAM = 10;

    /** From a seed to the steps until something goes wrong, 0 if nothing does. Loaded with the broken verifier. */
    static final class StepsToFailure implements LongUnaryOperator {
        @Override
        public long applyAsLong(long seed) {
            Campaign campaign = new Campaign(seed, RUNS_OF_A_PROGRAM);
            try (Bench bench = new Bench()) {
                return campaign.run(bench, MOST_STEPS) == null ? 0 : campaign.steps();
            }
        }
    }

    /** A second copy of the verifier, and of the tests of this package, with a mistake in place of the calls of a method. */
    private static BrokenCopy verifier(
            String className, String methodName, String callee, Consumer<CodeBuilder> mistake) {
        return new BrokenCopy(
                List.of("dev.spinbpf.verifier.", "dev.spinbpf.vm.soundness."),
                BrokenCopy.Mistake.call("dev.spinbpf.verifier." + className, methodName, callee, mistake));
    }

    private static long stepsToFailure(BrokenCopy verifier, long seed) throws Exception {
        return ((LongUnaryOperator) verifier.make(StepsToFailure.class)).applyAsLong(seed);
    }

    @Test
    void shouldFindASumThatMissesOverflow() throws Exception {
        // The two sizes are compared, to see whether the sum leads round the circle: never.
        var verifier = verifier("domain.Cnum64", "add", "compareUnsigned(JJ)I", code -> code.pop2()
                .pop2()
                .iconst_0());
        assertThat(stepsToFailure(verifier, 4)).isPositive();
    }

    @Test
    void shouldFindTheWrongLargestCommonBits() throws Exception {
        // The largest number with bits of both is the smaller of the two largest, not what those have in common.
        var verifier = verifier("domain.ScalarBits", "and", "min(JJ)J", CodeBuilder::land);
        assertThat(stepsToFailure(verifier, 3)).isPositive();
    }

    @Test
    void shouldFindPruningThatIgnoresCopies() throws Exception {
        // Where two ways meet, it does not matter that numbers are equal on the first: always so.
        var verifier = verifier("prune.StateComparison", "scalarSafe", "checkScalar(II)Z", code -> code.pop2()
                .pop()
                .iconst_1());
        assertThat(stepsToFailure(verifier, 4)).isPositive();
    }
}
