package dev.spinbpf.vm.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.TimeHistogram;
import dev.spinbpf.vm.Patience;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.Element;
import dev.spinbpf.vm.stress.ProgramWorkload.LockDelay;
import dev.spinbpf.vm.stress.ProgramWorkload.MapContents;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class WorkloadRunTest {
    private static ObjectFile sample(String name) throws IOException {
        Path file = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", name + ".bpf.o");
        return new ObjectFile(name, new NamedFile(name + ".bpf.o", ByteString.of(Files.readAllBytes(file))), List.of());
    }

    private static ProgramWorkload endless(String sample) throws IOException {
        return ProgramWorkload.of(List.of(sample(sample))).withDuration(StressOptions.FOREVER);
    }

    private static Attachment attachment(String sample, String program, Pacing pacing, CpuSet cpus) {
        return new Attachment(sample, program, "", null, pacing, cpus);
    }

    private static long acquired(WorkloadRun run, String lock, int cpu, ContextLevel level) {
        return run.machine().lockStats().classes().stream()
                .filter(each -> each.name().equals(lock))
                .mapToLong(each -> Arrays.stream(LockOutcome.values())
                        .filter(LockOutcome::isAcquired)
                        .mapToLong(outcome -> each.count(cpu, level, outcome))
                        .sum())
                .sum();
    }

    @Test
    void shouldRunAttachmentsOnTheirCpusOnly() throws Exception {
        ProgramWorkload workload = endless("balanced")
                .withAttachments(List.of(
                        attachment("balanced", "count_packet", Pacing.Unpaced.INSTANCE, CpuSet.of(List.of(1))),
                        attachment(
                                "balanced", "reset", new Pacing.Rate(10_000, 1_000_000_000), CpuSet.of(List.of(0)))));
        try (WorkloadRun run = WorkloadRun.prepare(workload)) {
            run.start();
            Patience.until(
                    run::snapshot,
                    soFar -> acquired(run, "lock", 1, ContextLevel.SOFTIRQ) > 100
                            && acquired(run, "lock", 0, ContextLevel.TASK) > 100);
            assertThat(run.finish().stuckCpus()).isEmpty();
            assertThat(acquired(run, "lock", 1, ContextLevel.SOFTIRQ)).isPositive();
            assertThat(acquired(run, "lock", 0, ContextLevel.TASK)).isPositive();
            assertThat(acquired(run, "lock", 0, ContextLevel.SOFTIRQ)).isZero();
            assertThat(acquired(run, "lock", 1, ContextLevel.TASK)).isZero();
        }
    }

    @Test
    void shouldNeverMakeMoreEventsThanThePeriodAllows() throws Exception {
        long periodNanos = 2_000_000;
        ProgramWorkload workload = endless("nmi_bucket")
                .withAttachments(
                        List.of(attachment("nmi_bucket", "on_nmi", new Pacing.Period(periodNanos), CpuSet.ALL)));
        try (WorkloadRun run = WorkloadRun.prepare(workload)) {
            run.start();
            Patience.until(run::snapshot, soFar -> soFar.events().getFirst().taken() > 50);
            StressReport report = run.finish();
            StressReport.EventRow row = report.events().getFirst();
            assertThat(row.level()).isEqualTo(ContextLevel.NMI);
            assertThat(row.taken()).isGreaterThan(50).isLessThanOrEqualTo(row.planned());
            assertThat(row.planned()).isLessThanOrEqualTo(2 * (report.elapsedNanos() / periodNanos + 1));
            long runs = Objects.requireNonNull(
                            report.programs().getFirst().runs().get(ContextLevel.NMI))
                    .ended();
            // The last run of a CPU may have been stopped before its end.
            assertThat(row.taken() - runs).isBetween(0L, 2L);
        }
    }

    @Test
    void shouldAttachAndDetachWhileItRuns() throws Exception {
        ProgramWorkload workload = endless("balanced")
                .withAttachments(
                        List.of(attachment("balanced", "reset", new Pacing.Rate(1000, 1_000_000_000), CpuSet.ALL)));
        try (WorkloadRun run = WorkloadRun.prepare(workload)) {
            LoadedProgram packets =
                    Objects.requireNonNull(run.objects().getFirst().programs().get("count_packet"));
            run.start();
            assertThat(run.isRunning()).isTrue();
            run.driver().attach(packets, attachment("", "", new Pacing.Rate(5000, 1_000_000_000), CpuSet.ALL));
            Patience.until(() -> packets.stats().runs(ContextLevel.SOFTIRQ), runs -> runs > 10);
            assertThat(packets.stats().runs(ContextLevel.SOFTIRQ)).isGreaterThan(10);
            run.driver().detach(packets);
            assertThat(run.snapshot().events()).hasSize(1);
            assertThat(run.snapshot().programs()).hasSize(1);
            run.finish();
            assertThat(run.isRunning()).isFalse();
        }
    }

    @Test
    void shouldRefuseLevelsThatAHookDoesNotHave() throws Exception {
        try (WorkloadRun run = WorkloadRun.prepare(endless("balanced"))) {
            LoadedProgram reset =
                    Objects.requireNonNull(run.objects().getFirst().programs().get("reset"));
            Attachment inNmi = new Attachment("", "", "", ContextLevel.NMI, Pacing.Unpaced.INSTANCE, CpuSet.ALL);
            assertThatThrownBy(() -> run.driver().attach(reset, inNmi))
                    .isInstanceOf(UnsupportedProgramException.class)
                    .hasMessage("hook syscall has no events at level nmi; it has them at task");
        }
    }

    private static ProgramWorkload with(ProgramWorkload from, List<LockDelay> delays, List<MapContents> maps) {
        return new ProgramWorkload(
                from.cpus(),
                from.lock(),
                from.seed(),
                from.duration(),
                1,
                from.nmis(),
                from.hardirqs(),
                null,
                from.objects(),
                from.attachments(),
                delays,
                maps,
                from.packets(),
                from.promises(),
                from.tasks());
    }

    @Test
    void shouldHoldLocksForTheirDelays() throws Exception {
        long delayNanos = 3_000_000;
        ProgramWorkload workload =
                with(endless("balanced"), List.of(new LockDelay("lock", "", null, delayNanos, 1)), List.of());
        try (WorkloadRun run = WorkloadRun.prepare(workload)) {
            run.start();
            Patience.until(
                    run::snapshot,
                    soFar -> acquired(run, "lock", 0, ContextLevel.TASK) + acquired(run, "lock", 1, ContextLevel.TASK)
                            > 10);
            run.finish();
            LockClass lock = run.machine().lockStats().classes().getFirst();
            TimeHistogram held = lock.heldTimes(0, ContextLevel.TASK).copy();
            held.addAll(lock.heldTimes(1, ContextLevel.TASK));
            // The end cuts one delay short on each CPU.
            assertThat(held.count()).isGreaterThan(2);
            assertThat(held.totalNanos()).isGreaterThanOrEqualTo((held.count() - 2) * delayNanos);
        }
    }

    private static MapContents contents(String map, int keyBytes, int valueBytes) {
        Element element = new Element(ByteString.of(new byte[keyBytes]), ByteString.of(new byte[valueBytes]));
        return new MapContents("nmi_bucket", map, List.of(element));
    }

    @Test
    void shouldSayWhichMapCannotBeFilled() throws Exception {
        ProgramWorkload workload = endless("nmi_bucket");
        assertThatThrownBy(() -> WorkloadRun.prepare(with(workload, List.of(), List.of(contents("nope", 4, 8)))))
                .isInstanceOf(WorkloadException.class)
                .hasMessage("object nmi_bucket has no map nope");
        assertThatThrownBy(() -> WorkloadRun.prepare(with(workload, List.of(), List.of(contents("counts", 3, 8)))))
                .hasMessage("map 'counts' of nmi_bucket: element 0 has a key of 3 bytes and a value of 8, not 4 and 8");
    }

    @Test
    void shouldListEveryAnswerAndSpellOutTheAttachments() throws Exception {
        try (WorkloadRun run = WorkloadRun.prepare(endless("nesting"))) {
            assertThat(run.answers()).hasSize(8);
            assertThat(run.answers())
                    .filteredOn(each -> each.outcome() == WorkloadRun.Outcome.REJECTED)
                    .extracting(WorkloadRun.Answer::program)
                    .containsExactly("refused_leak", "refused_order");
            assertThat(run.effectiveSpec().attachments())
                    .extracting(Attachment::hook)
                    .containsExactly("syscall", "syscall", "packet", "perf_event", "perf_event", "contention_begin");
        }
    }
}
