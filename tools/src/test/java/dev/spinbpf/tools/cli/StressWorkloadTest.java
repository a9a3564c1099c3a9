package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.StressMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code spinbpf stress} with workload files. */
class StressWorkloadTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @TempDir
    private Path directory;

    private static String sample(String name) {
        return SAMPLES.resolve(name).toString();
    }

    @Test
    void shouldRunAWorkloadFile() {
        Outcome outcome = spinbpf("stress", sample("nmi_bucket.yaml"), "--duration", "200ms", "--seed", "7");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out())
                .contains("nmi_bucket.yaml: 2 CPUs")
                .contains("seed 7")
                .containsPattern("Hook +Context +Every +Due +Taken +Merged +Programs");
    }

    @Test
    void shouldSaveWhatAPlainStressRan() throws Exception {
        Path saved = directory.resolve("saved.yaml");
        String[] plain = {
            "stress",
            sample("nesting.bpf.o"),
            sample("abba.bpf.o"),
            "--cpus",
            "3",
            "--duration",
            "300ms",
            "--seed",
            "9",
            "--lock",
            "tas",
            "--nmi-every",
            "3ms",
            "--hardirq-every",
            "0",
            "--held-times",
            "--json"
        };
        Outcome first = spinbpf(concat(plain, "--save", saved.toString()));
        assertThat(first.code()).isEqualTo(ExitCodes.GOOD);
        ProgramWorkload workload = (ProgramWorkload) WorkloadInputs.read(saved);
        assertThat(workload.cpus()).isEqualTo(3);
        assertThat(workload.nmis()).isEqualTo(new Pacing.Rate(1, 3_000_000));
        assertThat(workload.hardirqs()).isEqualTo(Pacing.Rate.NEVER);
        assertThat(workload.heldTimesInterval()).isEqualTo(16);
        assertThat(workload.attachments())
                .hasSize(8)
                .contains(new Attachment(
                        "nesting", "on_contention", "contention_begin", null, Pacing.Unpaced.INSTANCE, CpuSet.ALL))
                .contains(new Attachment("abba", "a_then_b", "packet", null, Pacing.Unpaced.INSTANCE, CpuSet.ALL));
        Outcome second = spinbpf("stress", saved.toString(), "--json");
        assertThat(second.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(identity(second.out())).isEqualTo(identity(first.out())).hasSizeGreaterThan(30);
        // And what that runs is what was saved.
        assertThat(Files.readString(saved)).contains("duration: 300ms", "lock: tas", "file: ");
    }

    /** The lines of a report that a second run repeats: seeds, names, hooks, refusals. */
    private static List<String> identity(String json) {
        return json.lines()
                .filter(line -> line.matches(" *\"(cpus|seed|name|section|type|hook|refused|reason|explanation)\".*"))
                .filter(line -> !line.contains("lock") || line.contains("reason"))
                .takeWhile(line -> !line.contains("sessions"))
                .limit(45)
                .toList();
    }

    private static String[] concat(String[] first, String... more) {
        String[] all = Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return all;
    }

    @Test
    void shouldSaveAMode() throws Exception {
        Path saved = directory.resolve("mode.yaml");
        Outcome outcome = spinbpf("stress", "--mode", "abba", "--duration", "100ms", "--save", saved.toString());
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(WorkloadInputs.read(saved))
                .isEqualTo(ModeOptions.of(StressMode.ABBA).withDuration(Duration.ofMillis(100)));
        assertThat(spinbpf("stress", saved.toString()).out()).startsWith("ABBA: 4 CPUs");
    }

    private Path promising(String promise) throws Exception {
        String object = SAMPLES.resolve("packet_counter.bpf.o").toAbsolutePath().toString();
        return Files.writeString(
                directory.resolve("promising.yaml"),
                "version: 1\nobjects: [{file: '" + object + "'}]\npromises: ['" + promise + "']\n");
    }

    @Test
    void shouldWatchThePromisesOfAWorkloadFile() throws Exception {
        String file = promising("packets[17] == runs(count)").toString();

        Outcome kept = spinbpf("stress", file, "--duration", "200ms");
        Outcome broken = spinbpf("stress", file, "--duration", "200ms", "--assert", "packets[17] < 0");

        assertThat(kept.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(kept.out()).containsPattern("packets\\[17] == runs\\(count\\) +kept");
        assertThat(broken.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(broken.out())
                .containsPattern("packets\\[17] == runs\\(count\\) +kept")
                .containsPattern("packets\\[17] < 0 +broken +packets\\[17] = [1-9]");
    }

    @Test
    void shouldReportPromisesAsJson() throws Exception {
        String file = promising("runs(count) == 0").toString();

        Outcome broken = spinbpf("stress", file, "--duration", "200ms", "--json");

        assertThat(broken.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(broken.out().replaceAll("\\s", ""))
                .contains("\"promise\":\"runs(count)==0\",\"outcome\":\"broken\",\"values\":\"runs(count)=");
    }

    @Test
    void shouldRefusePromisesThatFitNothing() throws Exception {
        String file = promising("packts == 0").toString();
        String object = sample("packet_counter.bpf.o");

        assertThat(spinbpf("stress", file).code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf("stress", file).err()).contains("column 1: no map or global variable 'packts'");
        assertThat(spinbpf("stress", object, "--assert", "runs(count) =").err()).contains("column 13: unexpected '='");
        assertThat(spinbpf("stress", "--mode", "aa", "--assert", "1").code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldExploreThePromisesOfAWorkloadFile() throws Exception {
        String file = promising("packets[17] == 1").toString();

        Outcome explored = spinbpf("explore", file, "--interrupts", "0");

        assertThat(explored.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(explored.out())
                .contains("1. broken promise: packets[17] == 1")
                .contains("At the end: packets[17] = 2.");
    }

    @Test
    void shouldReportMistakesWithTheirPlaces() throws Exception {
        Path file = directory.resolve("wrong.yaml");
        Files.writeString(file, "version: 1\nobjects:\n  - file: nosuch.bpf.o\ncpu: 3\n");
        Outcome outcome = spinbpf("stress", file.toString());
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err().lines())
                .containsExactly(
                        file + ":3:11: key 'objects[0].file': expected a file that can be read, found "
                                + directory.resolve("nosuch.bpf.o") + ": no such file",
                        file + ":4:1: key 'cpu': is not known here; did you mean 'cpus'?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--cpus 2", "--prog a_then_b", "--lock tas", "--nmi-every 1ms", "--save x.yaml", "--btf x"})
    void shouldRefuseOptionsThatTheFileSays(String option) {
        String[] words = option.split(" ", -1);
        Outcome outcome = spinbpf("stress", sample("abba.yaml"), words[0], words[1]);
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains(words[0]).contains("abba.yaml");
    }

    @Test
    void shouldRefuseMoreThanOneWorkloadFile() {
        assertThat(spinbpf("stress", sample("abba.yaml"), sample("abba.bpf.o")).err())
                .contains("a workload file stands alone");
        assertThat(spinbpf("stress", sample("abba.bpf.o"), "--save", directory + "/no/x.yaml")
                        .err())
                .contains("its directory does not exist");
    }
}
