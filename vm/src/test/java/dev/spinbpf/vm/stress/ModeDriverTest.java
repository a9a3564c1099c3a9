package dev.spinbpf.vm.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.memory.GuestMemory;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class ModeDriverTest {
    private static final Duration SHORT = Duration.ofMillis(800);

    @Test
    void shouldMeetAaWhereTheNmiWantsTheLockOfTheTask() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.AA)
                .withCpus(1)
                .withDelays(Duration.ofMillis(2), Duration.ofMillis(1))
                .withInterruptsEvery(Duration.ofMillis(2), Duration.ZERO)
                .withDuration(SHORT);
        try (ModeDriver driver = new ModeDriver(options)) {
            ModeReport report = driver.run();
            assertThat(report.isGood()).as("%s", report.firstViolations()).isTrue();
            assertThat(report.rows()).hasSize(2);
            ModeReport.Row task = report.rows().getFirst();
            ModeReport.Row nmi = report.rows().getLast();
            assertThat(task.lock()).isEqualTo("lock_a");
            assertThat(nmi.lock()).isEqualTo("lock_a");
            assertThat(task.deadlocks() + task.timeouts()).isZero();
            assertThat(nmi.deadlocks()).isPositive();
            assertThat(nmi.timeouts()).isZero();
            assertThat(nmi.latency().maxNanos()).isLessThan(200_000_000);
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
            driver.start();
            long endNanos = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (driver.snapshot().violations() == 0 && System.nanoTime() < endNanos) {
                LockSupport.parkNanos(50_000);
                GuestMemory.setByteOpaque(driver.locks().getFirst().address(), (byte) 0);
            }
            ModeReport report = driver.finish();
            assertThat(report.violations()).isPositive();
            assertThat(report.isGood()).isFalse();
            assertThat(report.firstViolations()).anyMatch(text -> text.contains("queued_0"));
        }
    }

    @Test
    void shouldNoticeLostIncrementsAndBalances() throws Exception {
        ModeOptions options =
                ModeOptions.of(StressMode.TORTURE).withLocks(4).withCpus(1).withDuration(SHORT);
        try (ModeDriver driver = new ModeDriver(options)) {
            driver.start();
            Thread.sleep(100);
            long counter = driver.locks().get(1).address() + 16;
            GuestMemory.setLongOpaque(counter, GuestMemory.getLongOpaque(counter) + 1_000_000);
            GuestMemory.setLongOpaque(driver.locks().get(2).address() + 24, 1_000_000_000);
            ModeReport report = driver.finish();
            assertThat(report.firstViolations())
                    .anyMatch(text -> text.startsWith("counter that tas_1 protects: "))
                    .anyMatch(text -> text.startsWith("sum of all balances: "));
        }
    }

    @Test
    void shouldReachAllContextsAndBothAlgorithmsUnderTorture() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.TORTURE)
                .withCpus(2)
                .withDuration(Duration.ofMillis(1500))
                .withHeldTimesInterval(4);
        try (ModeDriver driver = new ModeDriver(options)) {
            ModeReport report = driver.run();
            assertThat(report.isGood()).as("%s", report.firstViolations()).isTrue();
            assertThat(report.rows()).extracting(ModeReport.Row::level).contains(ContextLevel.values());
            assertThat(LockRow.together(report.locks(), name -> name.replaceAll("_[0-9]+", "")))
                    .extracting(LockRow::name)
                    .contains("queued", "tas", "ordinary_leaf");
            assertThat(report.locks().stream()
                            .flatMap(lock -> lock.contexts().values().stream())
                            .mapToLong(attempts -> attempts.holds().count())
                            .sum())
                    .isPositive();
        }
    }

    @Test
    void shouldRefuseWhatAModeCannotDo() {
        assertThatThrownBy(
                        () -> new ModeDriver(ModeOptions.of(StressMode.ABBCCA).withCpus(2)))
                .hasMessageContaining("ABBCCA needs 3 CPUs");
        assertThatThrownBy(() -> new ModeDriver(ModeOptions.of(StressMode.AA).withAlgorithm(LockAlgorithm.BOTH)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
