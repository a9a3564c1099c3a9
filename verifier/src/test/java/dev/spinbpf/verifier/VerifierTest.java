package dev.spinbpf.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A verifier of a whole object says of each program what one of its own would say. */
class VerifierTest {
    private static final Path SAMPLES = Path.of("..", "programs", "samples");

    private static String words(Verdict verdict) {
        String counts = verdict.stats().insns() + " " + verdict.stats().totalStates() + " "
                + verdict.stats().peakStates() + " " + verdict.log();
        return verdict instanceof Verdict.Rejected rejected ? rejected.message() + " " + counts : counts;
    }

    @Test
    void shouldShareAmongProgramsOnlyWhatIsTheSameForAll() throws Exception {
        ProgramObject object = ObjectReader.read(SAMPLES.resolve("nesting.bpf.o"), ReadOptions.DEFAULT);
        var options = VerifierOptions.DEFAULT.withAllPaths(true);
        var verifier = new Verifier(object, options);
        for (int round = 0; round < 2; round++) {
            for (Program program : object.programs()) {
                assertThat(words(verifier.verify(program)))
                        .as(program.name())
                        .isEqualTo(words(Verifier.verify(object, program, options)));
            }
        }
    }

    @Test
    void shouldExplainRefusalsUnlessToldNotTo() throws Exception {
        ProgramObject object = ObjectReader.read(SAMPLES.resolve("leaked_lock.bpf.o"), ReadOptions.DEFAULT);
        List<Boolean> explained = new ArrayList<>();
        List<String> messages = new ArrayList<>();
        for (boolean explains : new boolean[] {true, false}) {
            var options = VerifierOptions.DEFAULT.withExplanations(explains);
            for (Program program : object.programs()) {
                if (Verifier.verify(object, program, options) instanceof Verdict.Rejected rejected) {
                    explained.add(!rejected.explanation().isNone());
                    explained.add(!rejected.explanation().text().isEmpty());
                    messages.add(rejected.message());
                }
            }
        }
        assertThat(explained).containsExactly(true, true, false, false);
        assertThat(messages.getFirst()).isEqualTo(messages.getLast());
    }
}
