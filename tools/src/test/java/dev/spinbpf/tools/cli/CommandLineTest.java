package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @TempDir
    private Path directory;

    private static String sample(String name) {
        return SAMPLES.resolve(name + ".bpf.o").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify", "run", "stress", "load", "list", "dump", "bench"})
    void shouldExplainEachCommandWithExamples(String command) {
        Outcome outcome = spinbpf(command, "--help");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).contains("Examples:", "Exit codes:", "--json");
    }

    @Test
    void shouldExitWithTwoOnWrongUsage() {
        assertThat(spinbpf().code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf().err())
                .startsWith(
                        "spinbpf: name a command: verify, explain, test, locks, run, stress, explore, replay, serve, load, unload, list, top, dump");
        assertThat(spinbpf("verify").code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf("frobnicate").err())
                .startsWith("spinbpf: there is no command 'frobnicate'; there are verify,");
        assertThat(spinbpf("dump", "-o", "json", sample("balanced")).err())
                .startsWith("spinbpf: there is no option '-o'");
        assertThat(spinbpf("dump", sample("balanced"), "more").err()).contains("'more' is one argument too many");
        assertThat(spinbpf("help", "map").out()).contains("spinbpf map list");
        assertThat(spinbpf("help", "unload").out()).contains("Examples:", "spinbpf unload nesting", "Exit codes:");
        assertThat(spinbpf("verify", "--nonsense", sample("balanced")).code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf("stress", sample("balanced"), "--cpus", "0").code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldAcceptABalancedProgram() {
        Outcome outcome = spinbpf("verify", sample("balanced"));
        assertThat(outcome.out()).contains("2 accepted, 0 refused");
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldRefuseALeakedLockAndSayWhere() {
        Outcome outcome = spinbpf("verify", sample("leaked_lock"));
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out())
                .contains("BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region")
                .contains("leaked_lock.bpf.c:");
    }

    @Test
    void shouldPrintCsvWithVeristatsColumnsAndGoOnAfterAnUnreadableFile() throws IOException {
        Path broken = Files.writeString(directory.resolve("broken.bpf.o"), "this is no object");
        Outcome outcome = spinbpf("verify", "-o", "csv", broken.toString(), sample("leaked_lock"));
        List<String> lines = outcome.out().lines().toList();
        assertThat(lines.get(0))
                .isEqualTo(
                        "file_name,prog_name,verdict,duration,total_insns,total_states,peak_states,prog_type,message");
        assertThat(lines.get(1)).startsWith("broken.bpf.o,,error,");
        assertThat(lines.get(2)).startsWith("leaked_lock.bpf.o,leak,failure,");
        assertThat(lines).hasSize(3);
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldPrintTheLogInLinuxsForm() {
        Outcome outcome = spinbpf("verify", "-v", sample("leaked_lock"));
        assertThat(outcome.out()).contains("0: R1=ctx() R10=fp0", "processed 9 insns (limit 1000000)");
    }

    @Test
    void shouldNameTheProgramsWhereOneIsMissing() {
        Outcome outcome = spinbpf("run", sample("balanced"), "--prog", "nothing");
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).contains("no program named nothing", "count_packet, reset");
    }

    @Test
    void shouldRunAProgramAndShowItsMaps() {
        Outcome outcome = spinbpf("run", sample("lock_in_map_value"), "--repeat", "100", "--dump-maps");
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).contains("charge: R0 = 0", "100 runs", "accounts (array)", "\"updates\"");
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldFollowTailCalls() {
        Outcome outcome = spinbpf("run", sample("tail_calls"), "--prog", "entry");
        assertThat(outcome.out()).contains("entry: R0 = 123");
    }

    @Test
    void shouldRefuseToRunWhatTheVerifierRefuses() {
        Outcome outcome = spinbpf("run", sample("unchecked_result"));
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.err()).contains("bpf_res_spin_unlock without taking a lock");
        Outcome json = spinbpf("run", "-j", sample("unchecked_result"));
        assertThat(json.out())
                .contains("\"verdict\" : \"failure\"", "\"supported\" : true", "bpf_res_spin_unlock without");
        assertThat(json.err()).isEmpty();
        assertThat(json.code()).isEqualTo(ExitCodes.REFUSED);
    }

    /** Stresses for ever longer, until a text occurs in what is printed. */
    private static Outcome stressUntil(String expected, String... arguments) {
        Outcome outcome = spinbpf("stress", "--help");
        for (int millis = 500; millis <= 32_000 && !outcome.out().contains(expected); millis *= 4) {
            outcome = spinbpf(Stream.concat(Stream.of("stress", "--duration", millis + "ms"), Stream.of(arguments))
                    .toArray(String[]::new));
        }
        return outcome;
    }

    @Test
    void shouldStressAndReportRefusedProgramsLocksAndInterrupts() {
        Outcome outcome = stressUntil("map 'latest' bucket", sample("nesting"), "--cpus", "2");
        assertThat(outcome.out())
                .contains("refused_leak", "BPF_EXIT instruction in main prog")
                .contains("refused_order", "bpf_res_spin_unlock cannot be out of order")
                .contains("update_table", "Interrupts delivered");
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(spinbpf("stress", sample("nesting"), "--duration", "200ms", "--strict")
                        .code())
                .isEqualTo(ExitCodes.REFUSED);
    }

    @Test
    void shouldStressTheLockWithoutPrograms() {
        String[] quick = {"--mode", "aa", "--cpus", "1", "--normal-delay", "2ms", "--nmi-delay", "1ms"};
        Outcome outcome = stressUntil("lock_a", quick);
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .startsWith("AA: 1 CPUs on ")
                .contains("critical sections of 2.00 ms (in NMIs 1.00 ms)")
                .contains("CPU  Context  Takes ", "Latency of CPU", "lock_a", "Mutual exclusion held");
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        Outcome torture = stressUntil("\"tas_0\"", "--mode", "torture", "--lock", "tas", "-j");
        assertThat(torture.out())
                .contains("\"mode\" : \"torture\"", "\"lock\" : \"tas\"", "\"violations\" : 0", "\"tas_0\"")
                .doesNotContain("queued_");
        assertThat(torture.code()).isEqualTo(ExitCodes.GOOD);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "stress",
                "stress --mode nonsense",
                "stress --mode aa FILE",
                "stress --mode abbcca --cpus 2",
                "stress --mode aa --lock both",
                "stress --mode aa --locks 3",
                "stress FILE --normal-delay 1ms",
                "stress FILE --held-times -1"
            })
    void shouldExplainWrongUsageOfStress(String arguments) {
        Outcome outcome = spinbpf(arguments.replace("FILE", sample("balanced")).split(" "));
        assertThat(outcome.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(outcome.err()).startsWith("spinbpf: ").endsWith("see spinbpf stress --help\n");
    }

    @Test
    void shouldShowWhoHoldsTheLockThatAProgramCouldNotTake() {
        Outcome outcome =
                stressUntil(" in task took inner at ", sample("aa_by_nesting"), "--held-times", "1", "--per-cpu");
        assertThat(outcome.out())
                .contains("stderr of packet:", "ERROR: AA or ABBA deadlock detected for bpf_res_spin_lock")
                .containsPattern("Holder: CPU [01] in task took inner at worker\\+0x30 .*, [0-9]+ ns ago")
                .containsPattern("Lock +CPU +Context +Attempts")
                .containsPattern("Held +CPU +Context");
    }

    @Test
    void shouldAssembleAgainWhatItDumps() throws IOException {
        Outcome dump = spinbpf("dump", sample("nesting"));
        Path text = Files.writeString(directory.resolve("nesting.bpfasm"), dump.out());
        assertThat(verdictsOf(text.toString())).containsExactlyElementsOf(verdictsOf(sample("nesting")));
    }

    @Test
    void shouldPrintBytecodeBesideInstructionsAndSource() {
        Outcome dump = spinbpf("dump", "--jited", "--prog", "count_packet", sample("balanced"));
        assertThat(dump.out())
                .startsWith("program count_packet")
                .containsSubsequence(
                        "f0: ",
                        "; if (bpf_res_spin_lock(&lock)) { @ balanced.bpf.c:11",
                        "2: (85) call bpf_res_spin_lock#0",
                        "lload r1",
                        "invokeinterface Helper.call",
                        "lstore r0")
                .doesNotContain("reset");
        assertThat(spinbpf("dump", "--jited", sample("leaked_lock")).err()).contains("was refused");
        assertThat(spinbpf("dump", "--jited", "-j", sample("balanced")).err()).contains("--jited prints text");
    }

    @Test
    void shouldTimeEachAcceptedProgram() {
        Outcome outcome = spinbpf("bench", sample("nesting"), "-o", "tsv", "--warmup", "1ms", "--samples", "3");
        List<String> lines = outcome.out().lines().toList();
        assertThat(lines.get(0)).isEqualTo("program\tbest_ns\tmedian_ns\tr0");
        assertThat(lines.subList(1, lines.size()))
                .isNotEmpty()
                .allMatch(line -> line.matches("\\w+\t\\d+\t\\d+\t-?\\d+"));
        assertThat(lines).noneMatch(line -> line.startsWith("refused_leak"));
        assertThat(outcome.err()).contains("refused_leak was refused: BPF_EXIT instruction in main prog");
        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
    }

    @Test
    void shouldTimeBareInstructionsOnMemoryThatEachRunFindsAnew() throws IOException {
        // r0 = *(u64 *)(r1 + 0); *(u64 *)(r1 + 0) = r10; exit
        byte[] insns = HexFormat.of().parseHex("7910000000000000" + "7ba1000000000000" + "9500000000000000");
        Path file = Files.write(directory.resolve("load.bin"), insns);
        String[] arguments = {"bench", file.toString(), "--warmup", "0", "--samples", "2", "--repeat", "5"};
        String[] memory = {"--mem", "hex:efcdab8967452301"};
        Outcome table = spinbpf(Stream.of(arguments, memory).flatMap(Stream::of).toArray(String[]::new));
        assertThat(table.out()).contains("load", "2 x 5", "0x123456789abcdef");
        assertThat(table.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(spinbpf("bench", file.toString(), "--ctx", "hex:00").err()).contains("--mem instead of --ctx");
        assertThat(spinbpf("bench", sample("balanced"), "--mem", "hex:00").code())
                .isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldFailToTimeAProgramThatFaults() throws IOException {
        byte[] loadsFromNull = HexFormat.of().parseHex("b700000000000000" + "7900000000000000" + "9500000000000000");
        Path file = Files.write(directory.resolve("null.bin"), loadsFromNull);
        Outcome outcome = spinbpf("bench", file.toString(), "--warmup", "0");
        assertThat(outcome.err()).contains("invalid address");
        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        Path broken = Files.write(directory.resolve("broken.bin"), new byte[3]);
        assertThat(spinbpf("bench", broken.toString()).code()).isEqualTo(ExitCodes.USAGE);
    }

    private static List<String> verdictsOf(String file) {
        return spinbpf("verify", "-o", "csv", file)
                .out()
                .lines()
                .map(line -> {
                    String[] fields = line.split(",", -1);
                    return String.join(" ", fields[1], fields[2], fields[4], fields[8]);
                })
                .toList();
    }
}
