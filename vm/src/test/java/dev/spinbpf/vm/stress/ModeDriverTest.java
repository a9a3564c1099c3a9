package dev.spinbpf.vm.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.vm.Patience;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(600)
class ModeDriverTest {
    /** Runs until what is expected has happened. */
    private static ModeReport run(ModeDriver driver, Predicate<ModeReport> expected) throws InterruptedException {
        driver.start();
        Patience.until(driver::snapshot, expected);
        return driver.finish();
    }

    private static long sum(ModeReport report, ContextLevel level, ToLongFunction<ModeReport.Row> value) {
        return report.rows().stream()
                .filter(row -> row.level() == level)
                .mapToLong(value)
                .sum();
    }

    @Test
    void shouldMeetAaWhereTheNmiWantsTheLockOfTheTask() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.AA)
                .withCpus(1)
                .withDelays(Duration.ofMillis(2), Duration.ofMillis(1))
                .withInterruptsEvery(Duration.ofMillis(2), Duration.ZERO);
        try (ModeDriver driver = new ModeDriver(options)) {
            ModeReport report = run(
                    driver,
                    soFar -> sum(soFar, ContextLevel.NMI, ModeReport.Row::deadlocks) >= 10
                            && sum(soFar, ContextLevel.TASK, ModeReport.Row::acquired) > 0);
            assertThat(report.isGood()).as("%s", report.firstViolations()).isTrue();
            assertThat(report.rows()).hasSize(2);
            ModeReport.Row task = report.rows().getFirst();
            ModeReport.Row nmi = report.rows().getLast();
            assertThat(task.lock()).isEqualTo("lock_a");
            assertThat(nmi.lock()).isEqualTo("lock_a");
            assertThat(task.deadlocks() + task.timeouts()).isZero();
            assertThat(nmi.deadlocks()).isPositive();
            assertThat(nmi.timeouts()).isZero();
            // Refused at once, not after the 250 ms of a timeout; a thread may have to wait for a processor meanwhile.
            assertThat(nmi.latency().p50Nanos()).isLessThan(200_000_000);
        }
    }

    @Test
    void shouldTakeEachLockAsTheKernelModuleDoes() {
        try (ModeDriver abba = new ModeDriver(ModeOptions.of(StressMode.ABBA).withCpus(2));
                ModeDriver ring = new ModeDriver(ModeOptions.of(StressMode.ABBCCA))) {
            assertThat(abba.locks()).extracting(GuardedLock::name).containsExactly("lock_a", "lock_b");
            assertThat(ring.locks()).extracting(GuardedLock::name).containsExactly("lock_a", "lock_b", "lock_c");
        }
    }

    @Test
    void shouldNoticeThatExclusionIsBroken() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.TORTURE).withLocks(2).withCpus(2);
        try (ModeDriver driver = new ModeDriver(options)) {
            ModeReport report = run(driver, soFar -> {
                for (int i = 0; i < 200; i++) {
                    GuestMemory.setByteOpaque(driver.locks().getFirst().address(), (byte) 0);
                    LockSupport.parkNanos(50_000);
                }
                return soFar.violations() > 0;
            });
            assertThat(report.violations()).isPositive();
            assertThat(report.isGood()).isFalse();
            assertThat(report.firstViolations()).anyMatch(text -> text.contains("queued_0"));
        }
    }

    @Test
    void shouldNoticeLostIncrementsAndBalances() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.TORTURE).withLocks(4).withCpus(1);
        try (ModeDriver driver = new ModeDriver(options)) {
            driver.start();
            damage(driver, driver.locks().get(1).address() + 16);
            damage(driver, driver.locks().get(2).address() + 24);
            ModeReport report = driver.finish();
            assertThat(report.firstViolations())
                    .anyMatch(text -> text.startsWith("counter that tas_1 protects: "))
                    .anyMatch(text -> text.startsWith("sum of all balances: "));
        }
    }

    /** Adds to a word that a CPU may be about to write, until the sum stays. */
    private static void damage(ModeDriver driver, long word) throws InterruptedException {
        long amount = 1_000_000_000_000L;
        for (int i = 0; i < 100 && GuestMemory.getLongOpaque(word) < amount / 2; i++) {
            GuestMemory.setLongOpaque(word, GuestMemory.getLongOpaque(word) + amount);
            long before = sum(driver.snapshot(), ContextLevel.TASK, ModeReport.Row::attempts);
            Patience.until(
                    driver::snapshot, soFar -> sum(soFar, ContextLevel.TASK, ModeReport.Row::attempts) > before + 5);
        }
    }

    @Test
    void shouldReachAllContextsAndBothAlgorithmsUnderTorture() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.TORTURE).withCpus(2).withHeldTimesInterval(4);
        String[] kinds = {"queued", "tas", "ordinary_leaf"};
        try (ModeDriver driver = new ModeDriver(options)) {
            ModeReport report = run(
                    driver,
                    soFar -> levels(soFar).containsAll(Set.of(ContextLevel.values()))
                            && kinds(soFar).containsAll(Set.of(kinds))
                            && heldTimes(soFar) > 0);
            assertThat(report.isGood()).as("%s", report.firstViolations()).isTrue();
            assertThat(levels(report)).contains(ContextLevel.values());
            assertThat(kinds(report)).contains(kinds);
            assertThat(heldTimes(report)).isPositive();
        }
    }

    private static Set<ContextLevel> levels(ModeReport report) {
        return report.rows().stream().map(ModeReport.Row::level).collect(Collectors.toSet());
    }

    private static Set<String> kinds(ModeReport report) {
        return LockRow.together(report.locks(), name -> name.replaceAll("_[0-9]+", "")).stream()
                .map(LockRow::name)
                .collect(Collectors.toSet());
    }

    private static long heldTimes(ModeReport report) {
        return report.locks().stream()
                .flatMap(lock -> lock.contexts().values().stream())
                .mapToLong(attempts -> attempts.holds().count())
                .sum();
    }

    @Test
    void shouldRefuseWhatAModeCannotDo() {
        assertThatThrownBy(
                        () -> new ModeDriver(ModeOptions.of(StressMode.ABBCCA).withCpus(2)))
                .hasMessageContaining("ABBCCA needs 3 CPUs");
        assertThatThrownBy(() -> new ModeDriver(ModeOptions.of(StressMode.AA).withAlgorithm(LockChoice.BOTH)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
