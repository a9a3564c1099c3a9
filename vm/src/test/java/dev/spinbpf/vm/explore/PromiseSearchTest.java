package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Promises of users are held against each schedule. */
@Timeout(600)
class PromiseSearchTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    private static List<String> broken(String file, String... promises) throws Exception {
        List<Promise> read = new ArrayList<>();
        for (String promise : promises) {
            read.add(Promise.parse(promise));
        }
        ProgramWorkload workload = ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                        "object",
                        new ProgramWorkload.NamedFile(file, ByteString.of(Files.readAllBytes(SAMPLES.resolve(file)))),
                        List.of())))
                .withCpus(2)
                .withPromises(read);
        ExploreOptions options = new ExploreOptions(1, 0, 0, Duration.ofMinutes(5));
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, options)) {
            ExploreReport report = search.run();
            assertThat(report.isComplete()).as("the search ended").isTrue();
            return report.witnesses().stream()
                    .map(Witness::finding)
                    .filter(finding -> finding.kind() == Finding.Kind.PROMISE)
                    .map(finding -> finding.title() + ": " + finding.explanation())
                    .toList();
        }
    }

    @Test
    void shouldFindTheScheduleThatLosesACount() throws Exception {
        assertThat(broken("bugs/counter_after_unlock.bpf.o", "packets == runs(count)", "packets <= 2"))
                .containsExactly("broken promise: packets == runs(count): At the end: packets = 1, runs(count) = 2.");
    }

    @Test
    void shouldHoldInTheMendedTwin() throws Exception {
        assertThat(broken("bugs/counter_after_unlock.mended.bpf.o", "packets == runs(count)"))
                .isEmpty();
    }

    @Test
    void shouldSumOverTheCpusOfAMap() throws Exception {
        assertThat(broken("packet_counter.bpf.o", "packets[17] == runs(count)", "packets[17] == 1"))
                .containsExactly("broken promise: packets[17] == 1: At the end: packets[17] = 2.");
    }

    @Test
    void shouldHoldForEachResult() throws Exception {
        assertThat(broken("packet_counter.bpf.o", "r0(count) == 2", "r0(count) != 2"))
                .containsExactly("broken promise: r0(count) != 2: At the end: r0(count) = 2.");
    }

    @Test
    void shouldLookIntoTheMiddleOfARun() throws Exception {
        assertThat(broken("bugs/counter_after_unlock.mended.bpf.o", "always packets != 1", "packets != 1"))
                .hasSize(1)
                .allMatch(text -> text.startsWith("broken promise: always packets != 1: In the middle: packets = 1"));
    }

    @Test
    void shouldRefuseWhatDoesNotExist() {
        assertThatThrownBy(() -> broken("packet_counter.bpf.o", "always packets[17] == 1"))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining("column 8: what holds always is about global variables and elements of arrays");
        assertThatThrownBy(() -> broken("packet_counter.bpf.o", "runs(counter) == 1"))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining("column 6: no program 'counter' was loaded; there are: count");
        assertThatThrownBy(() -> broken("packet_counter.bpf.o", "packets == 1"))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining("'packets' is a map; name an element by its key: packets[0]");
    }
}
