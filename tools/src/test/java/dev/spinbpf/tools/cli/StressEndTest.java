package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The end of a stress run: a deadlock that ends it, maps that are shown and saved. */
@Timeout(300)
class StressEndTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final String HANG = ROOT.resolve("vm/src/test/resources/dev/spinbpf/vm/hang/traced.bpf.o")
            .toString();

    @TempDir
    private Path directory;

    private static String sample(String name) {
        return ROOT.resolve("programs/samples").resolve(name).toString();
    }

    @Test
    void shouldShowWhoWaitsForWhom() {
        Outcome outcome = spinbpf("stress", HANG, "--cpus", "1", "--duration", "4m");
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out())
                .contains("Deadlock: CPU 0 waits for what it interrupted")
                .containsPattern(
                        "update in nmi\n    at update\\+0x\\w+ \\(bpf_spin_lock\\(&a\\); @ .*traced.bpf.c:41\\)")
                .containsPattern("holds a, taken at hold\\+0x\\w+ \\(bpf_spin_lock\\(&a\\); @ .*traced.bpf.c:19\\)")
                .containsPattern(
                        "\\[CPU 0 nmi: update, .*traced.bpf.c:41]\n.*waits for a, held by\n.*\n.*\\[CPU 0 task: hold")
                .containsPattern("Waits for +CPU +Context +Program +So far +Held by");
    }

    @Test
    void shouldWriteTheSameAsJson() {
        Outcome outcome = spinbpf("stress", HANG, "--cpus", "1", "--duration", "4m", "--json");
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out())
                .containsPattern("\"deadlock\" ?: ?\\{\\s*\"waited_ns\" ?: ?\\d+")
                .containsPattern("\"waits_for\" ?: ?\"a\"")
                .containsPattern("\"lock\" ?: ?\"a\",\\s*\"taken_at\" ?: ?\"hold\\+0x")
                .containsPattern("\"picture\" ?: ?\".*waits for a, held by");
    }

    @Test
    void shouldShowAndSaveMaps() {
        String saved = directory.resolve("maps").toString();
        Outcome outcome = spinbpf(
                "stress",
                sample("lock_in_map_value.bpf.o"),
                "--duration",
                "100ms",
                "--dump-maps",
                "--save-maps",
                saved);
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out()).contains("accounts (array)\n  key 0  value {");
        assertThat(spinbpf("map", "list", saved).out()).contains("name accounts");
    }

    /** A run and a stress begin with the value that a loader would have set, and a workload that was saved says it. */
    @Test
    void shouldBeginWithValuesThatAreGiven() {
        String object = sample("nesting.bpf.o");
        Outcome run = spinbpf("run", object, "--prog", "update_table", "-G", "total=41", "--dump-maps");
        assertThat(run.out()).contains("{\"total\":42}");

        String workload = directory.resolve("w.yaml").toString();
        String[] options = {"--map-entries", "sessions=1", "-G", "total=1000000000", "--duration", "100ms"};
        Outcome stress = spinbpf(
                Stream.concat(Stream.of("stress", object, "--dump-maps", "--save", workload), Stream.of(options))
                        .toArray(String[]::new));
        Outcome again = spinbpf("stress", workload, "--dump-maps");
        for (Outcome outcome : List.of(stress, again)) {
            assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
            assertThat(outcome.out())
                    .containsPattern("\"total\":10000\\d{5}}")
                    .containsPattern("sessions \\(array\\)\n  key 0 .*\n\n");
        }
        assertThat(spinbpf("stress", workload, "-G", "total=1").err()).contains("-G: ");
        assertThat(spinbpf("stress", object, "-G", "none=1").err()).contains("no global variable 'none'");
    }

    @Test
    void shouldRefuseToSaveTheMapsOfTwoObjects() {
        String[] two = {sample("nesting.bpf.o"), sample("abba.bpf.o")};
        Outcome outcome = spinbpf("stress", two[0], two[1], "--save-maps", directory.toString());
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("--save-maps: the workload has 2 objects");
        assertThat(spinbpf("stress", "--mode", "aa", "--dump-maps").code()).isEqualTo(2);
    }
}
