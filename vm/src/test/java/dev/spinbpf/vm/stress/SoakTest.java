package dev.spinbpf.vm.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.Patience;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each stress mode on real threads: five seconds in an ordinary build, ten minutes with the Maven profile {@code soak}. Counts that
 * do not add up, broken exclusion, lost balances and whatever is left behind are violations.
 */
class SoakTest {
    private static final Duration DURATION =
            Duration.ofMillis((long) (1000 * Double.parseDouble(System.getProperty("spinbpf.soak.seconds", "5"))));

    @ParameterizedTest
    @CsvSource({"AA,QUEUED,1", "ABBA,QUEUED,2", "ABBCCA,TAS,3", "TORTURE,BOTH,4"})
    void shouldExcludeAndAddUp(StressMode mode, LockChoice algorithm, long seed) throws Exception {
        ModeOptions options = ModeOptions.of(mode)
                .withAlgorithm(algorithm)
                .withDuration(DURATION)
                .withSeed(seed);
        ModeReport report = run(options);
        assertThat(report.stuck()).as("seed %d", seed).isEmpty();
        assertThat(report.firstViolations()).as("seed %d", seed).isEmpty();
        long attempts =
                report.rows().stream().mapToLong(ModeReport.Row::attempts).sum();
        long ended = report.rows().stream()
                .mapToLong(row -> row.acquired() + row.deadlocks() + row.timeouts())
                .sum();
        assertThat(attempts).isPositive().isEqualTo(ended);
        assertThat(report.interrupts().get(ContextLevel.NMI)).isPositive();
        System.out.printf(
                "%s %s: %d attempts in %.1f s, %d failed%n",
                mode,
                algorithm,
                attempts,
                report.elapsedNanos() / 1e9,
                report.rows().stream()
                        .mapToLong(row -> row.deadlocks() + row.timeouts())
                        .sum());
    }

    private static ModeReport run(ModeOptions options) throws InterruptedException {
        try (ModeDriver driver = new ModeDriver(options)) {
            driver.start();
            Thread.sleep(options.duration());
            Patience.until(
                    driver::snapshot,
                    soFar -> !soFar.rows().isEmpty() && soFar.interrupts().getOrDefault(ContextLevel.NMI, 0L) > 0);
            return driver.finish();
        }
    }
}
