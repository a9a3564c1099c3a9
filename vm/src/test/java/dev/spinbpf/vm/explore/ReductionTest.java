package dev.spinbpf.vm.explore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Holds the search that leaves schedules out against one that leaves none out: on random small programs both reach the
 * same final states and find the same, within the same bounds.
 */
@Timeout(1200)
class ReductionTest {
    private static final int PROGRAMS = Integer.getInteger("spinbpf.reduction.programs", 200);
    private static final long SEED = Long.getLong("spinbpf.reduction.seed", 1);
    private static final Duration LONG = Duration.ofMinutes(15);
    private static final Bound WIDE = new Bound(2, 2, 1);
    private static final List<Bound> BOUNDS =
            List.of(new Bound(2, 1, 0), new Bound(2, 1, 1), new Bound(2, 2, 0), new Bound(1, 0, 2));
    private static final int WIDE_EVERY = 10;

    /** On one CPU all that meets is what interrupts and what is interrupted. */
    private record Bound(int cpus, int preemptions, int interrupts) {}

    /**
     * Everything that a search came to.
     *
     * @param states contents of the variables at the ends of runs
     * @param findings keys of findings, and the loads that are noted
     * @param sites results of attempts to take locks
     */
    private record Outcome(Set<String> states, Set<String> findings, List<LockSite> sites) {}

    private static ProgramWorkload workload(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ProgramWorkload.of(List.of(new ProgramWorkload.ObjectFile(
                "small", new ProgramWorkload.NamedFile("small.bpfasm", ByteString.of(bytes)), List.of())));
    }

    private static String variables(Machine machine) {
        BpfMap map = machine.maps().stream()
                .filter(each -> each.name().endsWith(".bss"))
                .findFirst()
                .orElseThrow();
        long address = map.directValueAddress();
        return "x=%x y=%x failures=%d"
                .formatted(
                        GuestMemory.getLong(address),
                        GuestMemory.getLong(address + 8),
                        GuestMemory.getLong(address + 16));
    }

    /** Counts of one kind of search over all programs. */
    private static final class Counts {
        private long ends;
    }

    private static Outcome outcome(ScheduleSearch search, Counts counts) {
        Set<String> states = new TreeSet<>();
        search.atEnds(machine -> {
            states.add(variables(machine));
            counts.ends++;
        });
        assertThat(search.search()).as("the bound that was covered").isPositive();
        return new Outcome(states, search.found(), search.sites());
    }

    @Test
    void shouldReachAllThatFourAccessesOfTwoProgramsCanSee() throws WorkloadException {
        Counts some = new Counts();
        Counts all = new Counts();
        int states = 0;
        for (long seed = SEED; seed < SEED + PROGRAMS; seed++) {
            String text = SmallPrograms.ofAccesses(seed);
            Bound bound = new Bound(2, 1 + (int) (seed % 3), 0);
            states += compare(text, bound, "seed " + seed, some, all).states().size();
        }
        assertThat(states).as("final states").isGreaterThan(4 * PROGRAMS);
        assertThat(all.ends).isGreaterThan(some.ends);
    }

    private static Outcome compare(String text, Bound bound, String about, Counts some, Counts all)
            throws WorkloadException {
        ExploreOptions options = new ExploreOptions(bound.preemptions, bound.interrupts, 0, LONG);
        ProgramWorkload workload = workload(text).withCpus(bound.cpus);
        Outcome reduced;
        try (ScheduleSearch search = ScheduleSearch.prepare(workload, options)) {
            reduced = outcome(search, some);
        }
        try (ScheduleSearch search = ScheduleSearch.exhaustive(workload, options)) {
            assertThat(outcome(search, all))
                    .as(about + ", " + bound + " of\n" + text)
                    .isEqualTo(reduced);
        }
        return reduced;
    }

    @Test
    void shouldReachWhatASearchReachesThatLeavesNothingOut() throws WorkloadException {
        Counts some = new Counts();
        Counts all = new Counts();
        int states = 0;
        int findings = 0;
        for (long seed = SEED; seed < SEED + PROGRAMS; seed++) {
            String text = SmallPrograms.of(seed);
            Bound bound = seed % WIDE_EVERY == 0 ? WIDE : BOUNDS.get((int) (seed % BOUNDS.size()));
            Outcome reduced = compare(text, bound, "seed " + seed, some, all);
            states += reduced.states().size();
            findings += reduced.findings().size();
        }
        assertThat(states).as("final states").isGreaterThan(2 * PROGRAMS);
        assertThat(findings).as("findings").isGreaterThan(2 * PROGRAMS);
        assertThat(all.ends)
                .as("schedules of the search that leaves nothing out")
                .isGreaterThan(some.ends * 3 / 2);
    }
}
