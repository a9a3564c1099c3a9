package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The output of {@code verify} for other programs, and the choice of its rows. */
class VerifyReportsTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String LEAK =
            SAMPLES.resolve("leaked_on_error_path.bpf.o").toString();
    private static final String ORDER =
            SAMPLES.resolve("unlock_out_of_order.bpf.o").toString();
    private static final String GOOD = SAMPLES.resolve("balanced.bpf.o").toString();
    private static final String TYPES = SAMPLES.resolve("nesting.bpf.o").toString();

    @TempDir
    private Path directory;

    @Test
    void shouldPrintAnAnnotationForEachRefusal() {
        Outcome outcome = spinbpf("verify", "-o", "github", LEAK, GOOD);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.out().lines()).hasSize(1);
        assertThat(outcome.out())
                .startsWith("::error file=")
                .contains("leaked_on_error_path.bpf.c,line=25,")
                .contains("title=leaked_on_error_path.bpf.o%3A transfer::BPF_EXIT instruction in main prog")
                .contains("%0AFix:  Call bpf_res_spin_unlock(&from)");
    }

    @Test
    void shouldPointToTheKindOfTheLastRefusal() {
        String hint =
                "spinbpf: 'spinbpf explain lock-held' shows a program that is refused for this, and the mended one";
        assertThat(spinbpf("verify", LEAK, GOOD).err()).contains(hint);
        assertThat(spinbpf("verify", GOOD).err()).doesNotContain("explain");
        assertThat(spinbpf("verify", "-o", "csv", LEAK).err()).doesNotContain("explain");
    }

    @Test
    void shouldWriteARuleAndAResultInSarif() {
        String sarif = spinbpf("verify", "-o", "sarif", LEAK, GOOD).out();
        assertThat(sarif)
                .contains("\"version\" : \"2.1.0\"", "\"id\" : \"lock-held\"", "\"ruleId\" : \"lock-held\"")
                .contains("\"startLine\" : 25", "\"uriBaseId\" : \"%SRCROOT%\"", "\"importance\" : \"essential\"");
        assertThat(sarif.split("\"ruleId\"", -1)).hasSize(2);
    }

    @Test
    void shouldWriteAPageAboutWhatWasRefusedBesideTheReport() throws Exception {
        Path page = directory.resolve("page.html");
        Outcome outcome = spinbpf("verify", "--html", page.toString(), LEAK, GOOD);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(withoutTimes(outcome)).isEqualTo(withoutTimes(spinbpf("verify", LEAK, GOOD)));
        assertThat(Files.readString(page))
                .contains("2 accepted, 1 refused", "leaked_on_error_path.bpf.o: transfer", "bpf_res_spin_lock#");
        assertThat(spinbpf("verify", "--html", page.toString(), "--log-level", "2", LEAK)
                        .err())
                .contains("leave --log-level 2 out");
        assertThat(spinbpf("verify", "--html", page.toString(), "--kernel", "7.3,6.18", LEAK)
                        .err())
                .contains("one kernel");
        assertThat(spinbpf("verify", "--html", directory.toString(), LEAK).code())
                .isEqualTo(2);
    }

    @Test
    void shouldExplainOnThePageWhatTheReportDoesNot() throws Exception {
        Path page = directory.resolve("page.html");
        spinbpf("verify", "-o", "csv", "--html", page.toString(), LEAK);
        assertThat(Files.readString(page)).contains("Fix:  Call bpf_res_spin_unlock(&amp;from)");
    }

    private static Outcome onThreeKernels(String... arguments) {
        return spinbpf(
                Stream.concat(Stream.of("verify", "--btf", "none", "--kernel", "7.3,7.2,6.18"), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    @Test
    void shouldExplainBelowTheTableOfSeveralKernels() {
        Outcome outcome = onThreeKernels("--prog", "refused_type", "--prog", "refused_leak", TYPES);
        assertThat(outcome.code()).isEqualTo(1);
        assertThat(outcome.out())
                .contains("nesting.bpf.o: refused_type on 7.2, 6.18: tracing progs cannot use bpf_spin_lock yet\n"
                        + "  Kind: lock-pro")
                .contains("nesting.bpf.o: refused_leak on 7.3, 7.2, 6.18: BPF_EXIT instruction in main prog")
                .contains("\n  Fix:  ");
    }

    @Test
    void shouldNameKernelsInAnnotationsAndResults() {
        String github =
                onThreeKernels("-o", "github", "--prog", "refused_type", TYPES).out();
        assertThat(github.lines()).hasSize(1);
        assertThat(github)
                .startsWith("::error file=")
                .contains("title=nesting.bpf.o%3A refused_type on 7.2%2C 6.18::tracing progs");
        String sarif =
                onThreeKernels("-o", "sarif", "--prog", "refused_type", TYPES).out();
        assertThat(sarif)
                .contains("\"text\" : \"On 7.2, 6.18: tracing progs cannot use bpf_spin_lock yet")
                .containsPattern("\"kernels\" : \\[\\s*\"7.2\",\\s*\"6.18\"\\s*\\]");
    }

    @Test
    void shouldSortFilterAndCutTheLinesOfSeveralKernels() {
        assertThat(onThreeKernels("-o", "csv", "-f", "verdict=failure", "-s", "prog^", TYPES)
                        .out()
                        .lines())
                .extracting(line -> line.split(",", -1)[1])
                .containsExactly("prog_name", "refused_leak", "refused_order", "refused_type");
        assertThat(onThreeKernels("-o", "csv", "-s", "insns", "-n", "1", TYPES)
                        .out()
                        .lines())
                .hasSize(2);
        assertThat(onThreeKernels("-e", "prog", TYPES).err()).contains("a column for each");
        assertThat(onThreeKernels("--baseline", "x.csv", TYPES).err()).contains("one kernel is compared");
    }

    @Test
    void shouldSortAndCutAndChooseColumns() {
        Outcome outcome =
                spinbpf("verify", "-o", "csv", "-s", "insns", "-n", "2", "-e", "prog,insns", LEAK, ORDER, GOOD);
        assertThat(outcome.out()).isEqualTo("prog_name,total_insns\ntransfer,22\ncount_packet,17\n");
    }

    @Test
    void shouldFilterByColumnsAndNames() {
        assertThat(spinbpf("verify", "-o", "csv", "-e", "prog", "-f", "verdict=failure", LEAK, GOOD)
                        .out())
                .isEqualTo("prog_name\ntransfer\n");
        assertThat(spinbpf("verify", "-o", "csv", "-e", "prog", "-f", "!balanced*/re*", LEAK, GOOD)
                        .out())
                .isEqualTo("prog_name\ntransfer\ncount_packet\n");
        assertThat(spinbpf("verify", "-f", "insns>x", GOOD).code()).isEqualTo(2);
        assertThat(spinbpf("verify", "-s", "nothing", GOOD).err()).contains("no column named 'nothing'");
    }

    @Test
    void shouldCompareTwoReports() throws Exception {
        Path a = Files.writeString(
                directory.resolve("a.csv"),
                spinbpf("verify", "-o", "csv", GOOD, LEAK).out());
        Path b = Files.writeString(
                directory.resolve("b.csv"),
                Files.readString(a).replace(",failure,", ",success,").replace(",22,", ",33,"));
        Outcome same = spinbpf("verify", "-C", a.toString(), a.toString());
        assertThat(same.code()).isZero();
        Outcome other = spinbpf("verify", "-C", "-o", "csv", a.toString(), b.toString());
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.out())
                .contains("leaked_on_error_path.bpf.o,transfer,failure,success,MISMATCH,22,33,+11 (+50.00%)");
        assertThat(spinbpf("verify", "--baseline", a.toString(), GOOD, LEAK).code())
                .isZero();
        assertThat(spinbpf("verify", "--baseline", b.toString(), GOOD, LEAK).out())
                .contains("MISMATCH");
        assertThat(spinbpf("verify", "-C", a.toString()).code()).isEqualTo(2);
    }

    @Test
    void shouldKeepSafePathsInTheLogOfLevelTwo() {
        int refusedPath = spinbpf("verify", "-v", LEAK).out().length();
        int allPaths = spinbpf("verify", "-v", "--log-level", "2", GOOD).out().length();
        assertThat(allPaths).isGreaterThan(spinbpf("verify", "-v", GOOD).out().length());
        assertThat(spinbpf("verify", "-v", "--log-level", "0", LEAK).out().length())
                .isLessThan(refusedPath);
    }

    @Test
    void shouldExplainALogThatWasPasted() throws Exception {
        Path log = Files.writeString(directory.resolve("log"), """
            libbpf: prog 'x': BPF program load failed: -EINVAL
            10: (85) call bpf_res_spin_unlock#68205
            bpf_res_spin_unlock without taking a lock
            processed 16 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 1 mark_read 0
            """);
        Outcome outcome = spinbpf("explain", "--log", log.toString());
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).startsWith("bpf_res_spin_unlock without taking a lock\n  Kind: lock-not-held");
        Files.writeString(log, "bpf_res_spin_unlock cannot be out of order\n");
        assertThat(spinbpf("explain", "--log", log.toString(), ORDER).out())
                .contains("Path:", "holds `first`, `second`");
        Files.writeString(log, "nothing\n");
        assertThat(spinbpf("explain", "--log", log.toString()).code()).isEqualTo(1);
    }

    @Test
    void shouldListKindsAndShowOne() {
        assertThat(spinbpf("explain").out()).contains("lock-order", "null-pointer");
        assertThat(spinbpf("explain", "lock-order").out()).contains("int refused(", "int mended(");
        assertThat(spinbpf("explain", "no-such-kind").code()).isEqualTo(2);
    }

    private static String withoutTimes(Outcome outcome) {
        return outcome.out().replaceAll(" +\\d+ +", " ");
    }
}
