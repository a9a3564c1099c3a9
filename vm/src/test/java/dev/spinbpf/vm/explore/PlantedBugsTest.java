package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.programs.promise.PromiseException;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each planted bug of {@code programs/samples/bugs} is found within its bounds, and nothing in its mended twin. */
@Timeout(600)
class PlantedBugsTest {
    private static final Path BUGS = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", "bugs");

    /** A row of the table. */
    record Bug(String name, int cpus, ExploreOptions options, String title, List<String> promises) {
        static Bug of(String row) {
            String[] cells = row.split("\t", -1);
            ExploreOptions options = new ExploreOptions(
                    Integer.parseInt(cells[2]), Integer.parseInt(cells[3]), 0, Duration.ofMinutes(5));
            return new Bug(
                    cells[0],
                    Integer.parseInt(cells[1]),
                    options,
                    cells[4],
                    List.of(cells).subList(5, cells.length));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static List<Bug> bugs() throws IOException {
        return Files.readAllLines(BUGS.resolve("found.tsv")).stream()
                .filter(row -> !row.startsWith("#"))
                .map(Bug::of)
                .toList();
    }

    private static List<Promise> promises(Bug bug) throws PromiseException {
        List<Promise> promises = new ArrayList<>();
        for (String text : bug.promises) {
            promises.add(Promise.parse(text));
        }
        return promises;
    }

    private static ExploreReport explore(Bug bug, String suffix) throws Exception {
        String file = bug.name + suffix;
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                        bug.name,
                        new ProgramWorkload.NamedFile(file, ByteString.of(Files.readAllBytes(BUGS.resolve(file)))),
                        List.of())))
                .withCpus(bug.cpus)
                .withPromises(promises(bug));
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, bug.options)) {
            ExploreReport report = search.run();
            assertThat(report.answers())
                    .as("programs")
                    .allMatch(answer -> answer.outcome() == WorkloadRun.Outcome.ACCEPTED);
            assertThat(report.isComplete()).as("the search ended").isTrue();
            for (Witness witness : report.witnesses()) {
                String key = witness.finding().key();
                assertThat(search.replay(witness.start(), witness.plan(), key))
                        .as("replay of %s", key)
                        .isEqualTo(witness);
            }
            return report;
        }
    }

    private static List<String> titles(ExploreReport report) {
        return report.witnesses().stream()
                .map(witness -> witness.finding().title())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void shouldFindTheBug(Bug bug) throws Exception {
        ExploreReport report = explore(bug, ".bpf.o");

        assertThat(titles(report)).anyMatch(title -> title.startsWith(bug.title));
        assertThat(report.witnesses()).allMatch(witness -> witness.rows().size() <= 25);
    }

    @ParameterizedTest
    @MethodSource("bugs")
    void shouldFindNothingInTheMendedTwin(Bug bug) throws Exception {
        assertThat(titles(explore(bug, ".mended.bpf.o"))).isEmpty();
    }

    @Test
    void shouldHaveARowForEachSource() throws IOException {
        try (Stream<Path> files = Files.list(BUGS)) {
            List<String> names = files.map(file -> Objects.toString(file.getFileName()))
                    .filter(name -> name.endsWith(".bpf.c"))
                    .map(name -> name.substring(0, name.length() - ".bpf.c".length()))
                    .toList();

            assertThat(bugs()).extracting(Bug::name).containsExactlyInAnyOrderElementsOf(names);
        }
    }
}
