package dev.spinbpf.vm.explore;

import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Holds {@code explore} against what {@code stress} shows of the samples ({@code stress_failures.tsv}): each failure of a
 * lock is found within 2 CPUs, 3 preemptions and 2 interrupts, in far fewer schedule points than a processor passes in 10
 * seconds, and its counterexample is short.
 */
@Timeout(600)
class FailuresOfStressTest {
    /** A processor passes more than a million in a second; see docs/explore.md. */
    private static final long MOST_POINTS = 4_000_000;

    private static final int MOST_ROWS = 25;

    /** A failure; {@code result} is AA, ABBA, timeout or "no queue node". */
    private record Failure(String sample, String lock, String context, String result) {
        static Failure of(String line) {
            String[] cells = line.split("\t", -1);
            return new Failure(cells[0], cells[1], cells[2], cells[3]);
        }

        boolean isShownBy(Finding finding) {
            return finding.kind() == Finding.Kind.LOCK
                    && finding.title().startsWith(result + ": " + lock + " in ")
                    && finding.explanation().contains(" in " + context + " wants " + lock + " (");
        }
    }

    private static Map<String, List<Failure>> bySample() throws IOException {
        try (InputStream in = Objects.requireNonNull(
                FailuresOfStressTest.class.getResourceAsStream("stress_failures.tsv"), "stress_failures.tsv")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Failure::of)
                    .collect(groupingBy(Failure::sample));
        }
    }

    private static ProgramWorkload sample(String name) throws IOException {
        Path file = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", name + ".bpf.o");
        return ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                name,
                new ProgramWorkload.NamedFile(name + ".bpf.o", ByteString.of(Files.readAllBytes(file))),
                List.of())));
    }

    @Test
    void shouldFindWhatStressShows() throws Exception {
        Map<String, List<Failure>> all = bySample();
        assertThat(all).hasSize(6);
        for (var entry : all.entrySet()) {
            shouldFind(entry.getKey(), entry.getValue());
        }
    }

    private static void shouldFind(String name, List<Failure> failures) throws Exception {
        ExploreOptions options = new ExploreOptions(3, 2, 0, Duration.ofMinutes(5));
        Set<Failure> missing = new HashSet<>(failures);
        Set<String> searched = new TreeSet<>();
        try (ScheduleSearch search = ScheduleSearch.prepare(sample(name), options)) {
            search.until(finding -> {
                missing.removeIf(failure -> failure.isShownBy(finding));
                searched.add(finding.title());
                return missing.isEmpty() || search.progress().points() > MOST_POINTS;
            });
            ExploreReport report = search.run();
            assertThat(missing).as("%s, of %s", name, searched).isEmpty();
            assertThat(search.progress().points()).as(name).isLessThan(MOST_POINTS);
            assertThat(report.witnesses())
                    .as(name)
                    .isNotEmpty()
                    .allMatch(witness -> witness.rows().size() <= MOST_ROWS);
        }
    }
}
