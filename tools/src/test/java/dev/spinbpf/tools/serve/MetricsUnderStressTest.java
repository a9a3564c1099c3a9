package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockEnd;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockPath;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeHistogram;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.maps.map.MapResult;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.metrics.Activity;
import dev.spinbpf.tools.metrics.Meters;
import dev.spinbpf.tools.metrics.MetricTable;
import dev.spinbpf.tools.report.LockResult;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.stress.ModeDriver;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ModeReport;
import dev.spinbpf.vm.stress.StressDriver;
import dev.spinbpf.vm.stress.StressMode;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.StressReport;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scrapes the metrics while a stress run goes on, and holds them against its final report. */
@Timeout(600)
class MetricsUnderStressTest {
    private static final Path NESTING =
            Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", "nesting.bpf.o");
    private static final int SCRAPES = 12;
    private static final int MOST_SCRAPES = 600;
    private static final Pattern COUNTED = Pattern.compile("spinbpf_\\w*_(total|sum|count|bucket)(\\{.*|)");
    private static final List<String> LOCKS = List.of("table", "stats", "map 'latest' bucket");

    @Test
    void shouldNeverRunBackwardsAndEndAsTheReportOfTheProgramsSays() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(2).withHeldTimesInterval(8))) {
            attachAccepted(machine);
            StressDriver driver = new StressDriver(machine, StressOptions.DEFAULT);
            driver.timeRuns();
            try (Meters meters = new Meters(() -> Activity.of(driver));
                    MetricsServer server = MetricsServer.start("127.0.0.1", 0, meters::scrape)) {
                driver.start();
                List<Map<String, Double>> scrapes = scrapes(server, () -> allTaken(driver.snapshot()));
                StressReport report = driver.finish();
                scrapes.add(scrape(server));
                assertMonotone(scrapes);
                assertProgramsEqual(scrapes.getLast(), report);
                assertLocksEqual(scrapes.getLast(), report.locks());
                assertMapsEqual(scrapes.getLast(), machine);
                MetricTable.assertDescribes(meters.scrape());
                assertThat(report.locks()).extracting(LockRow::name).containsAll(LOCKS);
            }
        }
    }

    private static boolean allTaken(StressReport report) {
        return report.locks().stream().map(LockRow::name).toList().containsAll(LOCKS);
    }

    @ParameterizedTest
    @EnumSource
    void shouldConserveCountsInEachMode(StressMode mode) throws Exception {
        ModeOptions options = ModeOptions.of(mode)
                .withCpus(mode.fewestCpus())
                .withDelays(Duration.ofMillis(1), Duration.ofMillis(1))
                .withInterruptsEvery(Duration.ofMillis(2), Duration.ofMillis(2))
                .withHeldTimesInterval(4);
        try (ModeDriver driver = new ModeDriver(options);
                Meters meters = new Meters(() -> Activity.of(driver))) {
            driver.start();
            List<Map<String, Double>> scrapes = new ArrayList<>();
            while (scrapes.size() < MOST_SCRAPES
                    && (scrapes.size() < SCRAPES || driver.snapshot().locks().isEmpty())) {
                Thread.sleep(50);
                scrapes.add(parse(meters.scrape()));
            }
            ModeReport report = driver.finish();
            scrapes.add(parse(meters.scrape()));
            assertMonotone(scrapes);
            Map<String, Double> last = scrapes.getLast();
            assertThat(report.locks()).isNotEmpty();
            assertCount(last, "spinbpf_stress_violations_total", report.violations());
            assertLocksEqual(last, report.locks());
            assertTalliesEqual(report);
        }
    }

    /** The CPUs' own counts, which they keep apart, against the locks' statistics. */
    private static void assertTalliesEqual(ModeReport report) {
        for (ModeReport.Row row : report.rows()) {
            long[] sums = new long[3];
            for (LockRow lock : report.locks()) {
                for (LockRow.CpuRow own : lock.perCpu()) {
                    if (own.cpu() == row.cpu() && own.level() == row.level()) {
                        LockAttempts attempts = own.attempts();
                        long timeouts = attempts.count(LockOutcome.TIMEOUT);
                        sums[0] += attempts.acquired();
                        sums[1] += attempts.failed() - timeouts;
                        sums[2] += timeouts;
                    }
                }
            }
            assertThat(sums)
                    .as("CPU %d, %s", row.cpu(), row.level())
                    .containsExactly(row.acquired(), row.deadlocks(), row.timeouts());
        }
    }

    private static void assertMapsEqual(Map<String, Double> last, Machine machine) {
        for (BpfMap map : machine.maps()) {
            for (MapOperation operation : MapOperation.values()) {
                for (MapResult result : MapResult.values()) {
                    long count = map.stats().count(operation, result);
                    if (count > 0 && !map.def().isGlobalData()) {
                        String labels = "{kind=\"%s\",map=\"%s\",operation=\"%s\",result=\"%s\"}"
                                .formatted(map.type().display(), map.name(), operation.word(), result.word());
                        assertCount(last, "spinbpf_map_operations_total" + labels, count);
                    }
                }
            }
        }
        assertThat(last.keySet()).anyMatch(sample -> sample.startsWith("spinbpf_map_operations_total"));
    }

    private static void attachAccepted(Machine machine) throws Exception {
        ProgramObject object = ObjectReader.read(NESTING, ReadOptions.DEFAULT);
        for (Program program : object.programs()) {
            if (Verifier.verify(object, program, VerifierOptions.DEFAULT) instanceof Verdict.Accepted accepted) {
                machine.attach(machine.load(accepted.program()));
            }
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** Scrapes until enough has happened. */
    private static List<Map<String, Double>> scrapes(MetricsServer server, BooleanSupplier enough) throws Exception {
        List<Map<String, Double>> scrapes = new ArrayList<>();
        while (scrapes.size() < SCRAPES || (!enough.getAsBoolean() && scrapes.size() < MOST_SCRAPES)) {
            Thread.sleep(100);
            scrapes.add(scrape(server));
        }
        return scrapes;
    }

    private static Map<String, Double> scrape(MetricsServer server) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + "/metrics");
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> response =
                    client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            return parse(response.body());
        }
    }

    /** Samples by name and labels, as they stand in the text. */
    private static Map<String, Double> parse(String text) {
        Map<String, Double> samples = new TreeMap<>();
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int space = line.lastIndexOf(' ');
            samples.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
        });
        return samples;
    }

    private static void assertMonotone(List<Map<String, Double>> scrapes) {
        for (int i = 1; i < scrapes.size(); i++) {
            Map<String, Double> later = scrapes.get(i);
            scrapes.get(i - 1).forEach((sample, value) -> {
                if (COUNTED.matcher(sample).matches()) {
                    assertThat(later)
                            .hasEntrySatisfying(
                                    sample, now -> assertThat(now).as(sample).isGreaterThanOrEqualTo(value));
                }
            });
        }
    }

    private static void assertProgramsEqual(Map<String, Double> last, StressReport report) {
        for (StressReport.ProgramRow program : report.programs()) {
            program.runs().forEach((level, runs) -> {
                String labels = "{context=\"%s\",hook=\"%s\",program=\"%s\"}"
                        .formatted(word(level), program.hook(), program.name());
                assertCount(last, "spinbpf_program_runs_total" + labels, runs.ended());
                assertCount(last, "spinbpf_program_misses_total" + labels, runs.misses());
                assertCount(last, "spinbpf_program_faults_total" + labels, runs.faults());
                double seconds = last.getOrDefault("spinbpf_program_run_seconds_total" + labels, -1.0);
                assertThat(seconds > 0).as(labels).isEqualTo(runs.ended() + runs.faults() > 0);
            });
        }
        report.interrupts()
                .forEach((level, count) ->
                        assertCount(last, "spinbpf_interrupts_delivered_total{level=\"" + word(level) + "\"}", count));
        assertCount(last, "spinbpf_cpus", report.cpus());
    }

    private static void assertCount(Map<String, Double> last, String sample, long expected) {
        assertThat(last).containsKey(sample);
        assertThat(last.getOrDefault(sample, -1.0).longValue()).as(sample).isEqualTo(expected);
    }

    /** Holds the metrics against the report: elements' locks are one series, a row for each in the report. */
    private static void assertLocksEqual(Map<String, Double> last, List<LockRow> locks) {
        Map<String, LockAttempts> sums = new TreeMap<>();
        for (LockRow lock : locks) {
            lock.contexts().forEach((level, attempts) -> {
                String labels = "{context=\"%s\",kind=\"%s\",lock=\"%s\",map=\"%s\""
                        .formatted(
                                word(level),
                                lock.identity().kind().word(),
                                lock.identity().lock(),
                                lock.identity().map());
                sums.computeIfAbsent(labels, key -> new LockAttempts()).add(attempts);
            });
            assertConserved(lock);
        }
        sums.forEach((labels, attempts) -> {
            for (LockEnd end : LockEnd.values()) {
                String rest = ",path=\"%s\",result=\"%s\"}"
                        .formatted(end.path().word(), end.outcome().resultWord());
                if (end.path() != LockPath.SPIN || attempts.count(end) > 0) {
                    assertCount(last, "spinbpf_lock_acquisitions_total" + labels + rest, attempts.count(end));
                }
            }
            assertTimes(last, "spinbpf_lock_wait_seconds", labels, attempts.waits());
            assertTimes(last, "spinbpf_lock_held_seconds", labels, attempts.holds());
        });
    }

    /** Attempts are the sum of their results, by context those of all CPUs, and as many waited as did not go fast. */
    private static void assertConserved(LockRow lock) {
        lock.contexts().forEach((level, attempts) -> {
            LockAttempts sum = new LockAttempts();
            lock.perCpu().stream().filter(row -> row.level() == level).forEach(row -> sum.add(row.attempts()));
            for (LockOutcome outcome : LockOutcome.values()) {
                assertThat(sum.count(outcome)).as(lock.name()).isEqualTo(attempts.count(outcome));
            }
            assertThat(attempts.total())
                    .isEqualTo(Arrays.stream(LockResult.values())
                            .mapToLong(result -> result.in(attempts))
                            .sum())
                    .isEqualTo(attempts.acquired() + attempts.failed());
            assertThat(attempts.waits().count())
                    .as("waits for %s", lock.name())
                    .isEqualTo(attempts.total() - attempts.count(LockOutcome.FAST));
        });
    }

    private static void assertTimes(Map<String, Double> last, String name, String labels, TimeHistogram times) {
        if (!times.isEmpty()) {
            assertCount(last, name + "_count" + labels + "}", times.count());
            assertCount(last, name + "_bucket" + labels + ",le=\"+Inf\"}", times.count());
            assertThat(last.getOrDefault(name + "_sum" + labels + "}", -1.0)).isEqualTo(times.totalNanos() / 1e9);
        }
    }
}
