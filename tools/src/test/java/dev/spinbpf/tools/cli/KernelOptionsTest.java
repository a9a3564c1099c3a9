package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.verify;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code spinbpf verify} for kernels that are named, and of many files at the same time. */
class KernelOptionsTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String NESTING = SAMPLES.resolve("nesting.bpf.o").toString();

    @Test
    void shouldApplyTheRulesOfTheKernelThatIsNamed() {
        assertThat(verify("--prog", "refused_type", NESTING).code()).isEqualTo(ExitCodes.GOOD);
        Outcome older = verify("--kernel", "7.2.13", "--prog", "refused_type", NESTING);
        assertThat(older.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(older.out()).contains("tracing progs cannot use bpf_spin_lock yet");
        assertThat(older.err())
                .startsWith("spinbpf: rules of Linux 7.2.13 (")
                .contains("; types: none; configuration: none");
    }

    @Test
    void shouldCompareKernelsSideBySide() {
        Outcome outcome = verify("--kernel", "7.3,7.2", "--prog", "refused_type", NESTING);
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out().lines())
                .contains(
                        "File           Program       Type        7.3      7.2",
                        "nesting.bpf.o  refused_type  perf_event  success  failure",
                        "nesting.bpf.o: refused_type on 7.2: tracing progs cannot use bpf_spin_lock yet",
                        "7.3: 1 accepted, 0 refused",
                        "7.2: 0 accepted, 1 refused");
        assertThat(verify("--kernel", "7.3,7.4", "--prog", "refused_type", NESTING)
                        .code())
                .isEqualTo(ExitCodes.GOOD);
        assertThat(verify("--kernel", "7.3,7.2", "-o", "csv", "--prog", "refused_type", NESTING)
                        .out())
                .isEqualTo("file_name,prog_name,prog_type,7.3,7.2,message\n"
                        + "nesting.bpf.o,refused_type,perf_event,success,failure,"
                        + "tracing progs cannot use bpf_spin_lock yet\n");
        assertThat(verify("--kernel", "7.3,7.2", "--json", "--prog", "refused_type", NESTING)
                        .out())
                .containsSubsequence(
                        "\"kernels\"", "\"7.3\"", "\"success\"", "\"7.2\"", "\"failure\"", "bpf_spin_lock yet");
    }

    @Test
    void shouldRefuseKernelsWhoseRulesAreNotKnown() {
        for (String name : List.of("6.12", "seven", "7", "7.2x", "")) {
            Outcome outcome = verify("--kernel", name, NESTING);
            assertThat(outcome.code()).as(name).isEqualTo(ExitCodes.USAGE);
            assertThat(outcome.err()).as(name).startsWith("spinbpf: --kernel: ");
        }
    }

    @Test
    void shouldPrintTheSameHoweverManyFilesAreVerifiedAtATime() throws IOException {
        try (Stream<Path> files = Files.list(SAMPLES)) {
            String[] objects = files.map(Path::toString)
                    .filter(file -> file.endsWith(".bpf.o"))
                    .sorted()
                    .toArray(String[]::new);
            assertThat(rows("1", objects)).hasSizeGreaterThan(30).isEqualTo(rows("4", objects));
        }
        assertThat(verify("--jobs", "0", NESTING).err()).contains("--jobs: 0 is less than 1");
    }

    /** The CSV without the times. */
    private static List<String> rows(String jobs, String... files) {
        List<String> arguments = new ArrayList<>(List.of("-o", "csv", "--jobs", jobs));
        arguments.addAll(List.of(files));
        return verify(arguments.toArray(String[]::new))
                .out()
                .lines()
                .map(row -> row.replaceFirst("^((?:[^,]*,){3})\\d+,", "$1"))
                .toList();
    }
}
