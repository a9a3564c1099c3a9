package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
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
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The example of each kind of refusal: the first program gets that kind, the second is accepted, and its log is recognised. */
class KindsTest {
    private static final Path OBJECTS =
            Path.of("..", "tools", "src", "test", "resources", "dev", "spinbpf", "tools", "kinds");

    /** Kinds that need a kernel's types; {@code kernel.c} has the few of them. */
    private static final Set<String> OF_KERNEL_TYPES =
            Set.of("attachment", "kernel-struct", "relocation", "struct-ops");
    /** A mistake of Linux's own, and objects without types, which a compiler's option makes. */
    private static final Set<String> WITHOUT_PROGRAM = Set.of("internal", "types");
    /** Kinds whose mended program is in another object, as the whole object is refused. */
    private static final int TWO_FILES = 4;

    static Stream<String> kindsWithPrograms() {
        return RefusalKind.all().stream()
                .filter(kind -> !KindText.program(kind).isEmpty())
                .map(RefusalKind::id);
    }

    @ParameterizedTest
    @MethodSource("kindsWithPrograms")
    void shouldRefuseTheOneAndTakeTheOther(String kind) throws Exception {
        check(kind, OBJECTS.resolve(kind + ".bpf.o"), false);
        Path mended = OBJECTS.resolve(kind + ".mended.bpf.o");
        if (Files.exists(mended)) {
            check(kind, mended, true);
        }
    }

    /** @param isMended whether all programs of the file are mended; else those of that name */
    private static void check(String kind, Path file, boolean isMended) throws Exception {
        Btf types = OF_KERNEL_TYPES.contains(kind)
                ? ObjectReader.readTypes("kernel.o", Files.readAllBytes(OBJECTS.resolve("kernel.o")))
                : Btf.EMPTY;
        ProgramObject object = ObjectReader.read(file, ReadOptions.DEFAULT.withTargetTypes(types));
        for (Program program : object.programs()) {
            Verdict verdict =
                    Verifier.verify(object, program, new VerifierOptions(true, types, VerifierOptions.INSN_LIMIT));
            if (isMended || program.name().equals("mended")) {
                assertThat(verdict).isInstanceOf(Verdict.Accepted.class);
            } else {
                Verdict.Rejected refused = (Verdict.Rejected) verdict;
                assertThat(refused.explanation().kind().id()).isEqualTo(kind);
                if (!refused.log().isEmpty()
                        && !kind.equals("relocation")) { // Linux's log has a helper's number for it
                    PastedLog.Found found = Objects.requireNonNull(PastedLog.read(refused.log()));
                    assertThat(found.kind().id()).isEqualTo(kind);
                }
            }
        }
    }

    @Test
    void shouldHaveAnObjectForEachSource() throws Exception {
        try (Stream<Path> objects = Files.list(OBJECTS)) {
            assertThat(objects.filter(file -> file.toString().endsWith(".bpf.o")))
                    .hasSize((int) kindsWithPrograms().count() + TWO_FILES);
            assertThat(kindsWithPrograms()).hasSize(RefusalKind.all().size() - WITHOUT_PROGRAM.size());
        }
    }
}
