package dev.spinbpf.tools.robustness;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A longer run: {@code mvn -pl tools -am verify -Dtest=MutationTest -Dsurefire.failIfNoSpecifiedTests=false
 * -Dspinbpf.mutations=100000 -Dspinbpf.seed=1 -Dtest.jvm.arguments="--enable-native-access=ALL-UNNAMED -Xmx512m"}; the
 * number is that of each kind of damage.
 */
class MutationTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @ParameterizedTest
    @EnumSource
    void shouldSurviveDamagedCopiesOfTheSamples(Subject.Kind kind) throws Exception {
        int copies = Integer.getInteger("spinbpf.mutations", 500);
        long seed = Long.getLong("spinbpf.seed", 1);

        String summary = new MutationRun(kind, SAMPLES).run(copies, seed);

        System.out.println(summary);
        assertThat(summary).startsWith(kind + ": " + copies + " copies");
    }
}
