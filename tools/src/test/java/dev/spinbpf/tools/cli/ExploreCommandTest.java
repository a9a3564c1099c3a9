package dev.spinbpf.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.WitnessSteps;
import dev.spinbpf.vm.explore.Finding;
import dev.spinbpf.vm.explore.Place;
import dev.spinbpf.vm.explore.Storyboard;
import dev.spinbpf.vm.explore.Witness;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code spinbpf explore} and {@code spinbpf replay}. */
class ExploreCommandTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    @TempDir
    private Path directory;

    private static Outcome explore(Path file, String... more) {
        String[] all = new String[more.length + 4];
        System.arraycopy(new String[] {"explore", file.toString(), "--duration", "5m"}, 0, all, 0, 4);
        System.arraycopy(more, 0, all, 4, more.length);
        return Outcome.spinbpf(all);
    }

    private Path copied(String sample) throws IOException {
        return Files.copy(SAMPLES.resolve(sample), directory.resolve(sample));
    }

    @Test
    void shouldShowAFindingAndSayWhatWasCovered() {
        Outcome outcome = explore(SAMPLES.resolve("balanced.bpf.o"), "--preemptions", "1");

        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out())
                .contains("lock  count_packet  balanced.bpf.c:11  0, AA")
                .contains("1. AA: lock in count_packet at balanced.bpf.c:11")
                .containsPattern("<-- AA +lock +\\(0,0,1\\)")
                .contains("Covered: all sequentially consistent schedules of 3 situations on 2 CPUs with up to 1"
                        + " preemptions and 1 interrupts");
    }

    @Test
    void shouldNameTheLocksInsideMapsThatACpuHolds() {
        Outcome outcome = explore(SAMPLES.resolve("nmi_bucket.bpf.o"), "--preemptions", "0");

        assertThat(outcome.out())
                .containsPattern("<-- AA +map 'counts' bucket +\\(0,0,1\\)")
                .containsPattern("<-- AA +map 'counts' bucket, map 'counts' bucket +\\(0,0,1\\)");
    }

    @Test
    void shouldEndWellWhereNothingIsFound() {
        Outcome outcome = explore(SAMPLES.resolve("packet_counter.bpf.o"), "--preemptions", "1");

        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out()).contains("nothing found");
    }

    @Test
    void shouldPrintTheSameTwice() {
        Path file = SAMPLES.resolve("balanced.bpf.o");

        assertThat(explore(file, "--preemptions", "1").out())
                .isEqualTo(explore(file, "--preemptions", "1").out());
    }

    @Test
    void shouldReportAsJson() {
        Outcome outcome = explore(SAMPLES.resolve("balanced.bpf.o"), "--preemptions", "1", "--json");

        assertThat(outcome.out().replaceAll("\\s", ""))
                .contains("\"complete\":true")
                .contains("\"kind\":\"lock\"")
                .contains("\"program\":\"count_packet\",\"line\":\"balanced.bpf.c:11\",\"results\":[\"0\",\"AA\"]")
                .contains("\"held\":[\"lock\"],\"lock_word\":\"(0,0,1)\",\"result\":\"\"")
                .contains("\"result\":\"AA\"}]}]");
    }

    @Test
    void shouldReplayWhatWasSavedAndRefuseAnotherObject() throws IOException {
        Path object = copied("balanced.bpf.o");
        Path saved = directory.resolve("balanced.sched");
        Outcome explored = explore(object, "--preemptions", "1", "--save", saved.toString());
        Outcome replayed = Outcome.spinbpf("replay", saved.toString());

        assertThat(replayed.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(replayed.out()).contains("<-- AA");
        assertThat(explored.out()).contains(replayed.out().lines().toList());

        Files.copy(SAMPLES.resolve("abba.bpf.o"), object, StandardCopyOption.REPLACE_EXISTING);
        Outcome refused = Outcome.spinbpf("replay", saved.toString());
        assertThat(refused.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(refused.err()).contains("is not the object that the schedule is of");
        assertThat(refused.out()).isEmpty();
    }

    @Test
    void shouldRunSeveralProgramsOnEachCpu() throws IOException {
        Path object = Files.writeString(directory.resolve("twice.bpfasm"), """
                .license "GPL"
                .section .bss
                    var calls : u64
                .program first "syscall"
                r6 = &calls
                r1 = 1
                lock *(u64 *)(r6 +0) += r1
                r0 = 0
                exit
                .program second "syscall"
                r6 = &calls
                r1 = 10
                lock *(u64 *)(r6 +0) += r1
                r0 = 0
                exit
                """);
        Path saved = directory.resolve("twice.sched");
        String[] bounds = {"--assert", "calls != 11", "--cpus", "1", "--interrupts", "0", "--save", saved.toString()};
        Outcome once = explore(object, bounds);
        Outcome twice = explore(
                object,
                Stream.concat(Stream.of("--runs", "2"), Stream.of(bounds)).toArray(String[]::new));

        assertThat(once.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(once.out()).contains("schedules of 2 situations on 1 CPUs with up to");
        assertThat(twice.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(twice.out())
                .contains("At the end: calls = 11.", "first, second")
                .contains("schedules of 4 situations on 1 CPUs, each of which runs 2 programs, with up to");
        Outcome replayed = Outcome.spinbpf("replay", saved.toString());
        assertThat(replayed.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(twice.out()).contains(replayed.out().lines().toList());
        assertThat(explore(object, "--runs", "5").err()).contains("--runs is 5; it has to be 1 to 4");
    }

    @Test
    void shouldReportOfMergedPartsWhatOneRunOfSeveralProgramsReports() {
        Path object = SAMPLES.resolve("packet_counter.bpf.o");
        Outcome whole = explore(object, "--runs", "2", "--preemptions", "1");

        Path[] parts = {part(object, "1/2", "--runs", "2"), part(object, "2/2", "--runs", "2")};
        assertThat(merge(parts).out()).isEqualTo(whole.out());
        assertThat(merge(parts[0], part(object, "2/2")).err()).contains("is a part of another search");
    }

    @Test
    void shouldShowABrokenPromiseAndReplayIt() throws IOException {
        Path object = Files.copy(
                SAMPLES.resolve("bugs").resolve("counter_after_unlock.bpf.o"), directory.resolve("counter.bpf.o"));
        Path saved = directory.resolve("counter.sched");

        Outcome explored =
                explore(object, "--assert", "packets == runs(count)", "--save", saved.toString(), "--interrupts", "0");
        Outcome replayed = Outcome.spinbpf("replay", saved.toString());

        assertThat(explored.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(explored.out())
                .contains("1. broken promise: packets == runs(count)")
                .contains("At the end: packets = 1, runs(count) = 2.");
        assertThat(replayed.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(explored.out()).contains(replayed.out().lines().toList());
    }

    @Test
    void shouldSearchForWhatIsPredictedAndSaveIt() throws IOException {
        Path object = copied("balanced.bpf.o");
        Path saved = directory.resolve("balanced.sched");

        Outcome outcome = explore(object, "--predictions", "--preemptions", "0", "--save", saved.toString());
        Outcome replayed = Outcome.spinbpf("replay", saved + ".1");
        Outcome json = explore(object, "--predictions", "--preemptions", "0", "--interrupts", "0", "--json");

        assertThat(outcome.out())
                .contains("Predictions of spinbpf locks:\n"
                        + "  1. `lock` is taken in softirq, on top of a holder in task: confirmed (AA: lock in"
                        + " count_packet at balanced.bpf.c:11)\n");
        assertThat(replayed.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(replayed.out()).contains("<-- AA");
        assertThat(json.out()).contains("\"outcome\" : \"not_within_bounds\"");
    }

    @Test
    void shouldPrintTheSameBytesWithAnyNumberOfJobs() {
        for (String sample : List.of("abba.bpf.o", "bugs/abba_by_hook.bpf.o")) {
            Path object = SAMPLES.resolve(sample);
            Outcome one = explore(object, "--preemptions", "1", "--jobs", "1");

            assertThat(explore(object, "--preemptions", "1", "--jobs", "1").out())
                    .as("again: " + sample)
                    .isEqualTo(one.out());
            for (String jobs : List.of("2", "5")) {
                Outcome several = explore(object, "--preemptions", "1", "--jobs", jobs);

                assertThat(several.out()).as(jobs + " jobs: " + sample).isEqualTo(one.out());
            }
            assertThat(explore(object, "--preemptions", "1", "--jobs", "2", "--json")
                            .out())
                    .isEqualTo(explore(object, "--preemptions", "1", "--jobs", "1", "--json")
                            .out());
            assertThat(one.err()).containsPattern("[0-9]+ schedules, [0-9,]+ classes, depth [0-9]+, .* found [1-9]");
        }
        assertThat(explore(SAMPLES.resolve("abba.bpf.o"), "--jobs", "0").err()).contains("--jobs is 0");
    }

    private Path part(Path object, String shard, String... more) {
        Path part = directory.resolve(shard.replace('/', '-') + ".part" + more.length);
        Stream<String> options = Stream.of("--preemptions", "1", "--shard", shard, "--part", part.toString());
        Outcome outcome =
                explore(object, Stream.concat(options, Stream.of(more)).toArray(String[]::new));
        assertThat(outcome.code()).isLessThan(ExitCodes.USAGE);
        return part;
    }

    private static Outcome merge(Path... parts) {
        return Outcome.spinbpf(
                Stream.concat(Stream.of("explore", "merge"), Stream.of(parts).map(Path::toString))
                        .toArray(String[]::new));
    }

    @Test
    void shouldReportOfMergedPartsWhatOneRunReports() {
        for (String sample : List.of("nmi_bucket.bpf.o", "bugs/abba_by_hook.bpf.o", "packet_counter.bpf.o")) {
            Path object = SAMPLES.resolve(sample);
            Outcome whole = explore(object, "--preemptions", "1");

            Outcome merged = merge(part(object, "2/3"), part(object, "3/3"), part(object, "1/3"));

            assertThat(merged.out()).as(sample).isEqualTo(whole.out());
            assertThat(merged.code()).as(sample).isEqualTo(whole.code());
        }
    }

    @Test
    void shouldWriteOnePageOfTheWholeOfItsPartsAndOfAReplay() throws IOException {
        Path object = copied("balanced.bpf.o");
        Path whole = directory.resolve("whole.html");
        Path merged = directory.resolve("merged.html");
        Path again = directory.resolve("again.html");
        Path saved = directory.resolve("balanced.sched");

        // One job: registers show addresses, and in one process they depend on the machines that there were before.
        String[] once = {"--preemptions", "1", "--jobs", "1", "--save", saved.toString(), "--html", whole.toString()};
        explore(object, once);
        String[] parts = {part(object, "1/2").toString(), part(object, "2/2").toString()};
        Outcome.spinbpf("explore", "merge", parts[0], parts[1], "--html", merged.toString());
        Outcome.spinbpf("replay", saved.toString(), "--html", again.toString());
        Outcome unwritable = Outcome.spinbpf("replay", saved.toString(), "--html", directory + "/no/page.html");

        assertThat(whole).content().contains("<h2 id=\"f1t\"", "<dt>Changes</dt><dd>packets: ", ">AA</text>");
        assertThat(merged).hasSameTextualContentAs(whole);
        assertThat(again).content().contains("<h2 id=\"f1t\"", "balanced.bpf.o").doesNotContain("<nav");
        assertThat(unwritable.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(unwritable.err()).contains("page.html: cannot write the page");
    }

    @Test
    void shouldRefusePartsThatMakeNoWhole() throws IOException {
        Path object = SAMPLES.resolve("balanced.bpf.o");
        Path first = part(object, "1/2");
        Path other = part(SAMPLES.resolve("packet_counter.bpf.o"), "2/2");
        Path cut = directory.resolve("cut.part");
        byte[] bytes = Files.readAllBytes(first);
        Files.write(cut, Arrays.copyOf(bytes, bytes.length / 2));

        assertThat(merge(first).err()).contains("part 2 of 2 is missing");
        assertThat(merge(first, first).err()).contains("part 1 is there twice");
        assertThat(merge(first, other).err()).contains("is a part of another search");
        assertThat(merge(cut).err()).contains("is no part of a search: it ends too early");
        assertThat(merge(object).err()).contains("is no part of a search");
        assertThat(explore(object, "--shard", "3/2", "--part", "x").err()).contains("expected K/N");
        assertThat(explore(object, "--shard", "1/2").err()).contains("--shard and --part go together");
        assertThat(Outcome.spinbpf("explore").err()).contains("name a FILE");
    }

    private String savedLostUpdate() throws IOException {
        Path object = Files.copy(
                SAMPLES.resolve("bugs").resolve("counter_after_unlock.bpf.o"), directory.resolve("counter.bpf.o"));
        String saved = directory.resolve("counter.sched").toString();
        explore(object, "--save", saved, "--interrupts", "0");
        return saved;
    }

    @Test
    void shouldShowTheStateAtEachRow() throws IOException {
        String saved = savedLostUpdate();

        Outcome printed = Outcome.spinbpf("replay", saved, "--print-state");

        assertThat(printed.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(printed.out())
                .contains("Row 1 of 9: CPU 0, count at counter_after_unlock.bpf.c:10: if (bpf_res_spin_lock(&lock))\n"
                        + "  holds      lock\n")
                .contains("  changes    bytes: 0 -> 64\n")
                .contains("  changes    bytes: 64 -> 128\n")
                .contains("  changes    packets: 0 -> 1\n")
                .containsPattern(
                        "Row 9 of 9: CPU 0, count at .*: packets\\+\\+;\n  lost update\n  registers  r0=0 r1=0x");
        assertThat(Outcome.spinbpf("replay", saved, "--step").out())
                .as("no terminal")
                .isEqualTo(printed.out());
    }

    @Test
    void shouldReplayAsJson() throws IOException {
        String saved = savedLostUpdate();

        Outcome outcome = Outcome.spinbpf("replay", saved, "--json");

        assertThat(outcome.code()).isEqualTo(ExitCodes.GOOD);
        assertThat(outcome.out().replaceAll("\\s", ""))
                .startsWith("{\"kind\":\"lost_update\"")
                .contains("\"changes\":[\"packets:0->1\"],\"registers\":[\"0x0\",");
        assertThat(Outcome.spinbpf("replay", saved, "--json", "--step").code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldWalkThroughTheRowsForwardAndBack() throws Exception {
        Storyboard.Row row = new Storyboard.Row(0, 0, new Place("p", "p.c:1", "x++;"), List.of(), "", "");
        Storyboard.State state = new Storyboard.State(List.of(), List.of("x: 0 -> 1"));
        Finding finding = new Finding(Finding.Kind.RACE, "key", "title", "why", 0);
        Witness witness = new Witness(
                finding,
                "p",
                new Witness.Start(List.of(0), true),
                List.of(),
                List.of(row, row, row),
                List.of(state, state, state));
        StringWriter out = new StringWriter();

        new ReplayWalk(new WitnessSteps(witness, Style.PLAIN), new PrintWriter(out))
                .run(new BufferedReader(new StringReader("\nn\nn\np\n1\n9\nwhat\nq\nn\n")));

        assertThat(out.toString().lines().filter(line -> line.startsWith("Row") || line.startsWith("There")))
                .containsExactly(
                        "Row 1 of 3: CPU 0, p at p.c:1: x++;",
                        "Row 2 of 3: CPU 0, p at p.c:1: x++;",
                        "Row 3 of 3: CPU 0, p at p.c:1: x++;",
                        "There are 3 rows.",
                        "Row 2 of 3: CPU 0, p at p.c:1: x++;",
                        "Row 1 of 3: CPU 0, p at p.c:1: x++;",
                        "There are 3 rows.");
    }

    @Test
    void shouldRefuseAPromiseWithAMistake() {
        Path object = SAMPLES.resolve("bugs").resolve("counter_after_unlock.bpf.o");

        Outcome syntax = explore(object, "--assert", "packets = 1");
        Outcome name = explore(object, "--assert", "1 == packts");

        assertThat(syntax.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(syntax.err()).contains("column 9: unexpected '=', expected an operator, the end");
        assertThat(name.code()).isEqualTo(ExitCodes.USAGE);
        assertThat(name.err())
                .contains("column 6: no map or global variable 'packts'; there are: bytes, lock, packets");
    }

    @Test
    void shouldSayThatAScheduleWithoutItsChoicesShowsNothing() throws IOException {
        Path saved = directory.resolve("balanced.sched");
        explore(copied("balanced.bpf.o"), "--preemptions", "1", "--save", saved.toString());
        Files.writeString(saved, Files.readString(saved).replaceAll("(?m)^plan .*$", "plan "));

        Outcome outcome = Outcome.spinbpf("replay", saved.toString());

        assertThat(outcome.code()).isEqualTo(ExitCodes.REFUSED);
        assertThat(outcome.out()).contains("does not show what was found");
    }

    @Test
    void shouldRefuseAFileThatIsNoSchedule() throws IOException {
        Path saved = directory.resolve("balanced.sched");
        explore(copied("balanced.bpf.o"), "--preemptions", "1", "--save", saved.toString());
        String text = Files.readString(saved);
        for (String line : text.lines().toList()) {
            Files.writeString(saved, text.replace(line + "\n", ""));

            Outcome outcome = Outcome.spinbpf("replay", saved.toString());

            assertThat(outcome.code()).as("without " + line).isEqualTo(ExitCodes.USAGE);
            assertThat(outcome.err()).as("without " + line).contains("is no schedule");
        }
    }
}
