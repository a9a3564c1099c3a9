package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(600)
class StressDriverTest {
    /** Stresses the machine until what is expected has happened. */
    private static StressReport stress(Machine machine, StressOptions options, Predicate<StressReport> expected)
            throws InterruptedException {
        StressDriver driver = new StressDriver(machine, options);
        driver.start();
        Patience.until(driver::snapshot, expected);
        return driver.finish();
    }

    private static long ended(StressReport report) {
        return report.programs().stream()
                .flatMap(program -> program.runs().values().stream())
                .mapToLong(StressReport.Runs::ended)
                .sum();
    }

    @Test
    void shouldCountWhatTheProgramsCounted() throws Exception {
        try (Samples samples = Samples.load("balanced", 2).attachAll()) {
            StressReport report = stress(samples.machine, StressOptions.DEFAULT, soFar -> ended(soFar) > 1000);
            assertThat(report.stuckCpus()).isEmpty();
            assertThat(report.faults()).isEmpty();
            LockRow lock = report.locks().getFirst();
            assertThat(lock.name()).isEqualTo("lock");
            long acquired = lock.contexts().values().stream()
                    .mapToLong(LockAttempts::acquired)
                    .sum();
            long failed = lock.contexts().values().stream()
                    .mapToLong(LockAttempts::failed)
                    .sum();
            long ended = ended(report);
            assertThat(ended).isPositive();
            // The end stops a few runs on each CPU after they tried to take the lock.
            assertThat(acquired + failed).isBetween(ended, ended + 16);
            assertThat(samples.variable("busy")).isLessThanOrEqualTo(failed);
        }
    }

    @Test
    void shouldCountContentionInTracingPrograms() throws Exception {
        try (Samples samples = Samples.load("contention_trace", 2)) {
            for (Program program : samples.object.programs()) {
                assertThat(Verifier.verify(samples.object, program, VerifierOptions.DEFAULT))
                        .isInstanceOf(Verdict.Accepted.class);
            }
            samples.attachAll();
            long taken = samples.address("taken");
            StressReport report =
                    stress(samples.machine, StressOptions.DEFAULT, soFar -> GuestMemory.getLongOpaque(taken) > 0);
            assertThat(report.faults()).isEmpty();
            assertThat(samples.variable("taken")).isPositive();
            assertThat(samples.variable("failed")).isLessThanOrEqualTo(samples.variable("ended"));
            assertThat(samples.variable("begun") - samples.variable("ended")).isBetween(0L, 2L);
        }
    }

    @Test
    void shouldNestAllLevelsAndMeetDeadlocks() throws Exception {
        try (Samples samples = Samples.load("nesting", 2)) {
            samples.machine.programs().stream()
                    .filter(program -> !program.name().startsWith("refused"))
                    .forEach(samples.machine::attach);
            StressReport report = stress(
                    samples.machine,
                    StressOptions.DEFAULT,
                    soFar -> soFar.interrupts().getOrDefault(ContextLevel.NMI, 0L) > 0
                            && soFar.interrupts().getOrDefault(ContextLevel.SOFTIRQ, 0L) > 0
                            && deadlocks(soFar) > 0);
            assertThat(report.faults()).isEmpty();
            assertThat(report.interrupts().get(ContextLevel.NMI)).isPositive();
            assertThat(report.interrupts().get(ContextLevel.SOFTIRQ)).isPositive();
            assertThat(deadlocks(report)).isPositive();
            samples.machine.cpus().all().forEach(cpu -> assertThat(
                            cpu.heldLocks().count())
                    .isZero());
        }
    }

    private static long deadlocks(StressReport report) {
        return report.locks().stream()
                .flatMap(lock -> lock.contexts().values().stream())
                .mapToLong(attempts -> attempts.count(LockOutcome.AA) + attempts.count(LockOutcome.ABBA))
                .sum();
    }

    /** Each sample shows what it is there for, with any seed. */
    @ParameterizedTest
    @CsvSource({
        "aa_by_nesting, outer, TASK, AA",
        "aa_by_nesting, inner, SOFTIRQ, AA",
        "abba, a, SOFTIRQ, ABBA",
        "nmi_bucket, map 'counts' bucket, NMI, AA",
        "timer_irq, open_to_interrupts, HARDIRQ, AA"
    })
    void shouldMeetWhatTheSampleShows(String sample, String lock, ContextLevel level, LockOutcome outcome)
            throws Exception {
        for (long seed = 1; seed <= 2; seed++) {
            try (Samples samples = Samples.load(sample, 2).attachAll()) {
                StressReport report = stress(
                        samples.machine,
                        StressOptions.DEFAULT.withSeed(seed),
                        soFar -> count(soFar, lock, level, outcome) > 0 && hardirqs(soFar) > 0);
                assertThat(count(report, lock, level, outcome))
                        .as("%s, seed %d", sample, seed)
                        .isPositive();
                assertThat(hardirqs(report)).isPositive();
            }
        }
    }

    private static long hardirqs(StressReport report) {
        return report.interrupts().getOrDefault(ContextLevel.HARDIRQ, 0L);
    }

    private static long count(StressReport report, String lock, ContextLevel level, LockOutcome outcome) {
        return report.locks().stream()
                .filter(row -> row.name().equals(lock))
                .flatMap(row -> row.contexts().entrySet().stream())
                .filter(entry -> entry.getKey() == level)
                .mapToLong(entry -> entry.getValue().count(outcome))
                .sum();
    }

    @Test
    void shouldStopProgramsThatRunForEver() throws Exception {
        ProgramObject object =
                MachineTest.object(ProgType.SYSCALL, AttachType.XDP, "syscall", MachineTest.insn(Op.JA, 0, 0, -1, 0));
        try (Machine machine = new Machine(MachineOptions.ofCpus(2))) {
            machine.attach(machine.loadUnverified(object, object.programs().getFirst()));
            StressReport report =
                    new StressDriver(machine, StressOptions.DEFAULT.withDuration(Duration.ofMillis(400))).run();
            assertThat(report.stuckCpus()).isEmpty();
            assertThat(report.faults()).isEmpty();
        }
    }

    @Test
    void shouldStopWhenToldAndShowProgressMeanwhile() throws Exception {
        try (Samples samples = Samples.load("balanced", 1).attachAll()) {
            StressDriver driver =
                    new StressDriver(samples.machine, StressOptions.DEFAULT.withDuration(StressOptions.FOREVER));
            driver.start();
            Patience.until(driver::snapshot, soFar -> !soFar.locks().isEmpty());
            StressReport report = driver.finish();
            assertThat(report.stuckCpus()).isEmpty();
            assertThat(report.locks()).isNotEmpty();
            assertThat(report.elapsedNanos()).isPositive();
        }
    }
}
