package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spinbpf stress --coverage}. */
class CoverageTest {
    private static final String BRANCHES = """
            .program branches "tc"
                r0 = 0
                call bpf_get_smp_processor_id
                if r0 > 63 goto never
                r1 = 1 ll
                r0 = 1
                exit
            never:
                r0 = 2
                exit
            """;

    @TempDir
    private Path directory;

    private Outcome stress(String... more) throws IOException {
        Path program = Files.writeString(directory.resolve("branches.bpfasm"), BRANCHES);
        String[] all = {"stress", program.toString(), "--duration", "200ms", "--cpus", "1", "--coverage"};
        return Outcome.spinbpf(Stream.of(all, more).flatMap(Stream::of).toArray(String[]::new));
    }

    @Test
    void shouldShowTheShareThatWasExecutedAndWhatWasNot() throws IOException {
        Outcome outcome = stress();

        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out())
                .containsPattern("branches +8 +6 +75\\.0 %")
                .contains(
                        "Not executed in branches:\n  branches.bpfasm:9: r0 = 2 (1)\n  branches.bpfasm:10: exit (1)\n");
    }

    @Test
    void shouldHaveItInJson() throws IOException {
        assertThat(stress("--json").out().replaceAll("\\s", ""))
                .contains("\"coverage\":[{\"program\":\"branches\",\"instructions\":8,\"executed\":6,\"not_executed\":["
                        + "{\"line\":\"branches.bpfasm:9\",\"text\":\"r0=2\",\"instructions\":1}");
    }

    private static String stressed(String[] arguments, String... more) {
        return Outcome.spinbpf(Stream.of(arguments, more).flatMap(Stream::of).toArray(String[]::new))
                .out();
    }

    @Test
    void shouldReachWhatPacketsOfAllKindsReach() throws IOException {
        Path program = Files.writeString(directory.resolve("protocols.bpfasm"), """
                .program protocols "tc"
                    r2 = *(u32 *)(r1 + 16)
                    r0 = 1
                    if r2 == 0xdd86 goto out
                    r0 = 2
                    if r2 == 0x608 goto out
                    r0 = 3
                    if r2 == 0x8 goto out
                    r0 = 4
                out:
                    exit
                """);
        String[] plain = {"stress", program.toString(), "--duration", "200ms", "--coverage"};

        assertThat(stressed(plain, "--packets", "flows:64")).containsPattern("protocols +9 +8 +88.9 %");
        assertThat(stressed(plain)).containsPattern("protocols +9 +9 +100.0 %");
        assertThat(stressed(plain, "--packets", "mixed")).containsPattern("protocols +9 +9 +100.0 %");
        assertThat(stress("--packets", "flows:2").code()).isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldSayWhichPacketsThereCannotBe() throws IOException {
        Outcome none = stress("--packets", "mixed:0");
        assertThat(none.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(none.err()).contains("--packets: 'mixed:0': expected mixed:N with N of 1 to 4096");
        assertThat(stress("--packets", "no-such.pcap").err()).contains("no-such.pcap");
        Path text = Files.writeString(directory.resolve("text.pcap"), "no capture at all, but a text");
        assertThat(stress("--packets", text.toString()).err())
                .contains("--packets: ")
                .contains("text.pcap: ");
    }
}
