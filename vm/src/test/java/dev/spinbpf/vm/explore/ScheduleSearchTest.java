package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class ScheduleSearchTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private static ProgramWorkload sample(String name, String... programs) throws IOException {
        Path file = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", name + ".bpf.o");
        return ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                name,
                new ProgramWorkload.NamedFile(name + ".bpf.o", ByteString.of(Files.readAllBytes(file))),
                List.of(programs))));
    }

    private static ExploreReport explore(String name, int preemptions, int interrupts) throws Exception {
        try (ScheduleSearch exploration =
                ScheduleSearch.prepare(sample(name), new ExploreOptions(preemptions, interrupts, 0, LONG))) {
            return exploration.run();
        }
    }

    private static Set<String> titles(ExploreReport report) {
        return report.witnesses().stream()
                .map(witness -> witness.finding().title())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void shouldFindAbbaAndShowItInAFewRows() throws Exception {
        ExploreReport report = explore("abba", 1, 0);

        assertThat(report.isComplete()).isTrue();
        assertThat(titles(report))
                .contains("ABBA: b in a_then_b at abba.bpf.c:16", "ABBA: a in b_then_a at abba.bpf.c:16")
                .noneMatch(title -> title.startsWith("AA"));
        assertThat(report.witnesses()).allMatch(witness -> witness.rows().size() <= 25);
    }

    @Test
    void shouldFindTheAaOfASoftirqOnTheHolder() throws Exception {
        ExploreReport report = explore("balanced", 1, 1);

        assertThat(titles(report)).containsExactly("AA: lock in count_packet at balanced.bpf.c:11");
        assertThat(report.sites())
                .anyMatch(site ->
                        site.place().program().equals("reset") && site.results().equals(Set.of(LockOutcome.FAST)));
    }

    @Test
    void shouldFindTheAaOfAnInterruptOnTheHolder() throws Exception {
        assertThat(titles(explore("aa_by_nesting", 0, 1)))
                .containsExactly("AA: inner in packet at aa_by_nesting.bpf.c:48");
        assertThat(titles(explore("timer_irq", 0, 1)))
                .containsExactly("AA: open_to_interrupts in on_timer at timer_irq.bpf.c:35");
    }

    @Test
    void shouldFindTheAaOfAnNmiInsideAMap() throws Exception {
        assertThat(titles(explore("nmi_bucket", 0, 1)))
                .contains("AA: map 'counts' bucket in on_nmi at nmi_bucket.bpf.c:31")
                .noneMatch(title -> title.startsWith("ABBA"));
    }

    @Test
    void shouldFindBothSidesOfTheAbbaInNesting() throws Exception {
        assertThat(titles(explore("nesting", 1, 0)))
                .anyMatch(title -> title.startsWith("ABBA: stats in update_table"))
                .anyMatch(title -> title.startsWith("ABBA: table in account"));
    }

    @Test
    void shouldProveProgramsFree() throws Exception {
        for (String name : List.of("packet_counter", "lock_in_map_value", "irqsave")) {
            ExploreReport report = explore(name, 2, 1);

            assertThat(report.isComplete()).as(name).isTrue();
            assertThat(titles(report)).as(name).isEmpty();
        }
    }

    @Test
    void shouldFindTheSameAsASearchThatLeavesNothingOut() throws Exception {
        for (String name : List.of("balanced", "packet_counter")) {
            ExploreOptions options = new ExploreOptions(1, 1, 0, LONG);
            try (ScheduleSearch all = ScheduleSearch.exhaustive(sample(name), options)) {
                ExploreReport brute = all.run();
                ExploreReport reduced = explore(name, 1, 1);

                assertThat(titles(reduced)).as(name).isEqualTo(titles(brute));
                assertThat(reduced.sites()).as(name).isEqualTo(brute.sites());
            }
        }
    }

    @Test
    void shouldTellAHundredthAsManyClassesApartAsThereAreSchedules() throws Exception {
        ExploreOptions options = new ExploreOptions(2, 0, 0, LONG);
        ProgramWorkload pair = sample("nesting", "update_table", "account");
        try (ScheduleSearch some = ScheduleSearch.prepare(pair, options);
                ScheduleSearch all = ScheduleSearch.exhaustive(pair, options)) {
            ExploreReport reduced = some.run();
            ExploreReport brute = all.run();

            assertThat(reduced.isComplete() && brute.isComplete()).isTrue();
            assertThat(titles(reduced)).isEqualTo(titles(brute));
            assertThat(reduced.sites()).isEqualTo(brute.sites());
            assertThat(reduced.classes()).isLessThan(brute.schedules() / 100);
            assertThat(reduced.schedules()).isLessThan(brute.schedules() / 50);
        }
    }

    @Test
    void shouldReplayAFinding() throws Exception {
        Witness witness = explore("abba", 1, 0).witnesses().getFirst();
        List<Plan.Event> plan = Plan.parse(Plan.toString(witness.plan()));
        try (ScheduleSearch exploration = ScheduleSearch.prepare(sample("abba"), ExploreOptions.DEFAULT)) {
            String key = witness.finding().key();
            Witness again = exploration.replay(witness.start(), plan, key);

            assertThat(again).extracting(Witness::rows).isEqualTo(witness.rows());
            assertThat(exploration.replay(witness.start(), List.of(), key)).isNull();
        }
    }
}
