package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of an object that its loader would change first: sizes of maps, settings of the kernel. */
class SizedByLoaderTest {
    private static final String OBJECT = Path.of(System.getProperty("spinbpf.root"))
            .resolve("tools/src/test/resources/dev/spinbpf/tools/cli/sized_by_loader.bpf.o")
            .toString();

    @TempDir
    private Path directory;

    private Outcome stress(String... more) throws IOException {
        Path config = Files.writeString(directory.resolve("config"), "CONFIG_HZ=250\nCONFIG_NR_CPUS=64\n");
        String[] all = {"stress", OBJECT, "--duration", "200ms", "--kconfig", config.toString()};
        return spinbpf(Stream.of(all, more).flatMap(Stream::of).toArray(String[]::new));
    }

    @Test
    void shouldGiveMapsUsualSizesAndSaySo() throws IOException {
        Outcome outcome = stress("--dump-maps");

        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out()).containsPattern("\"ticks\":250");
        assertThat(outcome.err())
                .contains("map 'counts': declares no max_entries, which its loader sets; here it has 10240")
                .contains(
                        "map 'stacks': declares no value_size, which its loader sets; here its stacks have 127 frames");
    }

    @Test
    void shouldTakeSizesThatAreGiven() throws IOException {
        String[] sizes = {"--map-value-size", "stacks=80", "--map-entries", "stacks=16", "--map-entries", "counts=7"};
        Path saved = directory.resolve("saved.yaml");
        Outcome outcome = stress(Stream.of(sizes, new String[] {"--save", saved.toString()})
                .flatMap(Stream::of)
                .toArray(String[]::new));

        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.err()).doesNotContain("declares no");
        assertThat(Files.readString(saved))
                .contains("map_value_sizes: ['stacks=80']")
                .contains("config: ['CONFIG_HZ=250']")
                .doesNotContain("NR_CPUS");
        assertThat(spinbpf("stress", saved.toString(), "--duration", "100ms").code())
                .isEqualTo(ExitCodes.GOOD);
        assertThat(stress("--map-value-size", "stacks=81").out()).contains("failed to create: -EINVAL");
    }

    /** Linux removes the code that the verifier never comes to. */
    @Test
    void shouldNotCountCodeThatNothingReaches() throws IOException {
        assertThat(stress("--coverage").out())
                .containsPattern("sample +\\d+ +\\d+ +100\\.0 %")
                .doesNotContain("Not executed");
        assertThat(stress("--coverage", "-G", "filter=1").out()).containsPattern("sample +\\d+ +\\d+ +100\\.0 %");
    }

    @Test
    void shouldTakeSectionsOfOtherLoaders() throws IOException {
        Outcome outcome = stress();
        assertThat(outcome.out()).containsPattern("ingress +classifier/ingress +softirq");
        assertThat(outcome.err()).contains("section 'classifier/ingress': is none of libbpf's; taken as 'classifier'");
    }

    @Test
    void shouldLookUpTheConstantsOfSchedulers() throws IOException {
        assertThat(stress("--dump-maps", "--btf", OBJECT).out()).contains("\"__SCX_DSQ_LOCAL\":1234");
        assertThat(stress("--dump-maps").out()).contains("\"__SCX_DSQ_LOCAL\":0");
    }

    @Test
    void shouldRunOneProgramInTheSameWay() throws IOException {
        Path config = Files.writeString(directory.resolve("c"), "CONFIG_HZ=100\n");
        String[] sample = {"--prog", "sample", "--kconfig", config.toString()};
        Outcome outcome = spinbpf("run", OBJECT, sample[0], sample[1], sample[2], sample[3], "--dump-maps");
        assertThat(outcome.out()).containsPattern("\"ticks\":100");
        assertThat(spinbpf("run", OBJECT, "--prog", "sample").err()).contains("CONFIG_HZ");
    }
}
