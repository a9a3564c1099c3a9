package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeSnapshot;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.metrics.Activity;
import dev.spinbpf.tools.metrics.Meters;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Scrapes the metrics while a stress run goes on, and holds them against its final report. */
@Timeout(600)
class MetricsUnderStressTest {
    private static final Path NESTING =
            Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", "nesting.bpf.o");
    private static final int SCRAPES = 12;
    private static final int MOST_SCRAPES = 600;
    private static final List<String> LOCKS = List.of("table", "stats", "map 'latest' bucket");

    @Test
    void shouldNeverRunBackwardsAndEndAsTheReportOfTheProgramsSays() throws Exception {
        try (Machine machine = new Machine(MachineOptions.ofCpus(2).withHeldTimesInterval(8))) {
            attachAccepted(machine);
            StressDriver driver = new StressDriver(machine, StressOptions.DEFAULT);
            try (Meters meters = new Meters(() -> Activity.of(driver.snapshot()));
                    MetricsServer server = MetricsServer.start("127.0.0.1", 0, meters::scrape)) {
                driver.start();
                List<Map<String, Double>> scrapes = scrapes(server, () -> allTaken(driver.snapshot()));
                StressReport report = driver.finish();
                scrapes.add(scrape(server));
                assertMonotone(scrapes);
                assertProgramsEqual(scrapes.getLast(), report);
                for (var lock : report.locks()) {
                    lock.contexts()
                            .forEach((level, attempts) ->
                                    assertLockEquals(scrapes.getLast(), lock.name(), word(level), attempts));
                }
                assertThat(report.locks()).extracting(LockRow::name).containsAll(LOCKS);
            }
        }
    }

    private static boolean allTaken(StressReport report) {
        return report.locks().stream().map(LockRow::name).toList().containsAll(LOCKS);
    }

    @Test
    void shouldShowTheLocksOfARunWithoutPrograms() throws Exception {
        ModeOptions options = ModeOptions.of(StressMode.TORTURE).withCpus(2).withDuration(Duration.ofSeconds(1));
        try (ModeDriver driver = new ModeDriver(options);
                Meters meters = new Meters(() -> Activity.of(driver.snapshot()))) {
            driver.start();
            List<Map<String, Double>> scrapes = new ArrayList<>();
            for (int i = 0; i < SCRAPES; i++) {
                Thread.sleep(50);
                scrapes.add(parse(meters.scrape()));
            }
            ModeReport report = driver.finish();
            scrapes.add(parse(meters.scrape()));
            assertMonotone(scrapes);
            Map<String, Double> last = scrapes.getLast();
            assertCount(last, "spinbpf_stress_violations_total", report.violations());
            for (var lock : report.locks()) {
                lock.contexts()
                        .forEach((level, attempts) -> assertLockEquals(last, lock.name(), word(level), attempts));
            }
        }
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
            scrapes.get(i - 1).forEach((sample, value) -> assertThat(later)
                    .hasEntrySatisfying(
                            sample, now -> assertThat(now).as(sample).isGreaterThanOrEqualTo(value)));
        }
    }

    private static void assertProgramsEqual(Map<String, Double> last, StressReport report) {
        for (StressReport.ProgramRow program : report.programs()) {
            program.runs().forEach((level, runs) -> {
                String labels = "{context=\"" + word(level) + "\",program=\"" + program.name() + "\"}";
                assertCount(last, "spinbpf_program_runs_total" + labels, runs.ended());
                assertCount(last, "spinbpf_program_misses_total" + labels, runs.misses());
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

    private static void assertLockEquals(Map<String, Double> last, String lock, String level, LockAttempts attempts) {
        String labels = "{context=\"" + level + "\",lock=\"" + lock + "\"";
        for (LockResult result : LockResult.values()) {
            String sample = "spinbpf_lock_acquisitions_total" + labels + ",result=\"" + result.word() + "\"}";
            assertCount(last, sample, result.in(attempts));
        }
        assertTimes(last, "spinbpf_lock_wait_seconds", labels, attempts.waits());
        assertTimes(last, "spinbpf_lock_held_seconds", labels, attempts.holds());
    }

    private static void assertTimes(Map<String, Double> last, String name, String labels, TimeSnapshot times) {
        if (!times.isEmpty()) {
            assertCount(last, name + "_count" + labels + "}", times.count());
            assertCount(last, name + "_bucket" + labels + ",le=\"+Inf\"}", times.count());
            assertThat(last.getOrDefault(name + "_sum" + labels + "}", -1.0)).isEqualTo(times.totalNanos() / 1e9);
        }
    }
}
