package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.KindText;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.verifier.refusal.PastedLog;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example of each kind of refusal: the first program gets that kind, the second is accepted, and its log is recognised. */
class KindsTest {
    private static final Path OBJECTS =
            Path.of("..", "tools", "src", "test", "resources", "dev", "spinbpf", "tools", "kinds");

    static Stream<String> kindsWithPrograms() {
        return RefusalKind.all().stream()
                .filter(kind -> !KindText.program(kind).isEmpty())
                .map(RefusalKind::id);
    }

    @ParameterizedTest
    @MethodSource("kindsWithPrograms")
    void shouldRefuseTheOneAndTakeTheOther(String kind) throws Exception {
        Path file = OBJECTS.resolve(kind + ".bpf.o");
        ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT);
        for (Program program : object.programs()) {
            Verdict verdict = Verifier.verify(
                    object,
                    program,
                    new VerifierOptions(true, VerifierOptions.DEFAULT.kernelTypes(), VerifierOptions.INSN_LIMIT));
            if (program.name().equals("mended")) {
                assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
            } else {
                Verdict.Rejected refused = (Verdict.Rejected) verdict;
                assertThat(refused.explanation().kind().id()).isEqualTo(kind);
                PastedLog.Found found = Objects.requireNonNull(PastedLog.read(refused.log()));
                assertThat(found.kind().id()).isEqualTo(kind);
            }
        }
    }

    @Test
    void shouldHaveAnObjectForEachSource() throws Exception {
        try (Stream<Path> objects = Files.list(OBJECTS)) {
            assertThat(objects.filter(file -> file.toString().endsWith(".bpf.o")))
                    .hasSize((int) kindsWithPrograms().count())
                    .hasSizeGreaterThan(40);
        }
    }
}
