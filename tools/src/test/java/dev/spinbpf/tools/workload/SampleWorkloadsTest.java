package dev.spinbpf.tools.workload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Each workload file beside a sample shows what its first comment says. */
@Timeout(600)
class SampleWorkloadsTest {
    private static final long LIMIT_NANOS = 60_000_000_000L;

    /** Runs a sample's workload until what is expected has happened, for a minute at most. */
    private static StressReport run(String sample, Predicate<StressReport> expected) throws Exception {
        Path file = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", sample + ".yaml");
        ProgramWorkload workload = (ProgramWorkload) WorkloadReaderTest.read(Files.readString(file));
        try (WorkloadRun run = WorkloadRun.prepare(workload.withDuration(StressOptions.FOREVER))) {
            run.start();
            long startNanos = System.nanoTime();
            while (!expected.test(run.snapshot()) && System.nanoTime() - startNanos < LIMIT_NANOS) {
                Thread.sleep(10);
            }
            StressReport report = run.finish();
            assertThat(report.faults()).isEmpty();
            assertThat(report.stuckCpus()).isEmpty();
            assertThat(expected.test(report))
                    .as("%s: %s", sample, report.locks())
                    .isTrue();
            return report;
        }
    }

    private static long count(StressReport report, String lock, ContextLevel level, LockOutcome outcome) {
        return rows(report, lock)
                .flatMap(row -> row.contexts().entrySet().stream())
                .filter(entry -> entry.getKey() == level)
                .mapToLong(entry -> entry.getValue().count(outcome))
                .sum();
    }

    private static long count(StressReport report, String lock, LockOutcome outcome) {
        return List.of(ContextLevel.values()).stream()
                .mapToLong(level -> count(report, lock, level, outcome))
                .sum();
    }

    private static Stream<LockRow> rows(StressReport report, String lock) {
        return report.locks().stream().filter(row -> row.name().contains(lock));
    }

    private static StressReport.ProgramRow program(StressReport report, String name) {
        return report.programs().stream()
                .filter(row -> row.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldMeetAbbaAndNeverAa() throws Exception {
        StressReport report = run("abba", soFar -> count(soFar, "", LockOutcome.ABBA) > 0);
        assertThat(count(report, "", LockOutcome.AA)).isZero();
    }

    @Test
    void shouldMeetAaInTheSlowPath() throws Exception {
        run("aa_by_nesting", soFar -> count(soFar, "outer", ContextLevel.TASK, LockOutcome.AA) > 0);
    }

    @Test
    void shouldMeetAaInABucket() throws Exception {
        StressReport report = run("nmi_bucket", soFar -> count(soFar, "bucket", ContextLevel.NMI, LockOutcome.AA) > 0);
        // The elements of the start: four updates of a task.
        assertThat(count(report, "bucket", ContextLevel.TASK, LockOutcome.FAST)).isEqualTo(4);
        assertThat(report.events()).singleElement().satisfies(row -> {
            assertThat(row.programs()).containsExactly("on_nmi");
            assertThat(row.taken()).isPositive().isLessThanOrEqualTo(row.planned());
        });
    }

    @Test
    void shouldMeetAaFromATimerOnlyWhereInterruptsAreEnabled() throws Exception {
        StressReport report =
                run("timer_irq", soFar -> count(soFar, "open_to_interrupts", ContextLevel.HARDIRQ, LockOutcome.AA) > 0);
        assertThat(count(report, "masked", LockOutcome.AA)).isZero();
    }

    @Test
    void shouldContendWithoutFailureWhereInterruptsAreDisabled() throws Exception {
        StressReport report = run(
                "irqsave",
                soFar -> count(soFar, "lock", LockOutcome.PENDING) + count(soFar, "lock", LockOutcome.QUEUED) > 0);
        assertThat(count(report, "lock", LockOutcome.AA)).isZero();
        assertThat(count(report, "lock", LockOutcome.ABBA)).isZero();
    }

    @Test
    void shouldSeeContention() throws Exception {
        run(
                "contention_trace",
                soFar -> !program(soFar, "contention_end").results().isEmpty());
    }

    @Test
    void shouldDropAndPassPackets() throws Exception {
        StressReport report = run(
                "lpm_firewall",
                soFar -> program(soFar, "filter").results().keySet().containsAll(List.of(1L, 2L)));
        assertThat(report.events()).hasSize(2);
    }

    @Test
    void shouldTakeTheTour() throws Exception {
        StressReport report = run(
                "nesting",
                soFar -> count(soFar, "", LockOutcome.AA) > 0
                        && soFar.interrupts().getOrDefault(ContextLevel.NMI, 0L) > 0);
        assertThat(report.programs()).hasSize(5);
    }
}
