package dev.spinbpf.tools.metrics;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import dev.spinbpf.vm.stress.WorkloadRun;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pushes to a receiver, and holds each sample that it got against the exposition. */
class OtlpTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");

    private static final double EPSILON = 1e-9;

    /** Names of what may be less than it was a moment ago, and more a moment later. */
    private static final Pattern GOES_UP_AND_DOWN = Pattern.compile(
            "jvm_(memory_(used|committed|usage)|buffer|classes_loaded|threads|gc_live)|process_(cpu_usage|files_open)|system_");

    /** By name and labels, as Prometheus' text writes them. */
    private final Map<String, Double> received = new ConcurrentHashMap<>();

    private final AtomicInteger pushes = new AtomicInteger();
    private HttpServer receiver;

    @BeforeEach
    void listen() throws IOException {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/v1/metrics", exchange -> {
            try (InputStream body = exchange.getRequestBody()) {
                receive(ExportMetricsServiceRequest.parseFrom(body));
            }
            pushes.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        receiver.start();
    }

    @AfterEach
    void stop() {
        receiver.stop(0);
    }

    private String url() {
        return "http://127.0.0.1:" + receiver.getAddress().getPort() + "/v1/metrics";
    }

    @Test
    void shouldPushEachSampleThatIsExposed() {
        Map<String, Double> exposed;
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            meters.pushTo(url(), Duration.ofHours(1));
            ContendedLocks.Lock table = machine.lock("table");
            ContendedLocks.Lock stats = machine.lock("stats");
            for (long nanos = 0; nanos < 3_000_000_000L; nanos = 1 + 2 * nanos) {
                table.holdWhile(nanos, table::refuse);
                stats.holdWhile(nanos + 17, () -> {});
            }
            meters.countRequest("GET", "/metrics", 200, 1_500_000);
            meters.scrape();
            table.holdWhile(123_456, table::refuse);
            exposed = samples(meters.scrape());
        }
        assertReceived(exposed);
    }

    /** Programs, hooks, maps, ring buffers, interrupts and verdicts, besides locks. */
    @Test
    void shouldPushEachSampleOfAWorkload() throws Exception {
        List<ObjectFile> objects = new ArrayList<>();
        for (String name : List.of("nesting", "contention_trace")) {
            Path file = SAMPLES.resolve(name + ".bpf.o");
            objects.add(new ObjectFile(
                    name, new NamedFile(name + ".bpf.o", ByteString.of(Files.readAllBytes(file))), List.of()));
        }
        Map<String, Double> exposed;
        try (WorkloadRun run = WorkloadRun.prepare(ProgramWorkload.of(objects).withDuration(StressOptions.FOREVER));
                Meters meters = new Meters(() -> Activity.of(run.driver()))) {
            meters.pushTo(url(), Duration.ofHours(1));
            run.verdicts().forEach(meters::countVerdict);
            run.start();
            while (run.snapshot().locks().isEmpty()) {
                Thread.sleep(20);
            }
            run.finish();
            exposed = samples(meters.scrape());
        }
        assertThat(exposed.keySet())
                .anyMatch(sample -> sample.startsWith("spinbpf_program_runs_total{"))
                .anyMatch(sample -> sample.startsWith("spinbpf_map_operations_total{"))
                .anyMatch(sample -> sample.startsWith("spinbpf_lock_acquisitions_total{"))
                .anyMatch(sample -> sample.startsWith("spinbpf_interrupts_delivered_total{"))
                .anyMatch(sample -> sample.startsWith("spinbpf_verifier_duration_seconds_bucket{"));
        assertReceived(exposed);
    }

    /** Each sample that is exposed arrives, those of the JVM and the process too, and nothing else does. */
    private void assertReceived(Map<String, Double> exposed) {
        assertThat(exposed).hasSizeGreaterThan(100);
        assertThat(received.keySet()).containsAll(exposed.keySet());
        assertThat(exposed.keySet())
                .containsAll(received.keySet().stream()
                        .filter(sample -> !sample.startsWith("jvm_gc_pause")) // the first pause may be after the scrape
                        .toList());
        exposed.forEach((sample, value) -> {
            if (sample.startsWith("spinbpf_")) {
                assertThat(received.get(sample)).as(sample).isCloseTo(value, Offset.offset(EPSILON));
            }
        });
    }

    /** Samples that change by themselves lie between those exposed before and after a push; the others are equal. */
    @Test
    void shouldPushTheSamplesOfTheJvmAndTheProcess() throws Exception {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            meters.pushTo(url(), Duration.ofMillis(200));
            System.gc(); // what belongs to no meter of both registries is gone then
            awaitPushes(1);
            Map<String, Double> before = samples(meters.scrape());
            awaitPushes(2); // the first of them may have begun before
            Map<String, Double> got = Map.copyOf(received);
            Map<String, Double> after = samples(meters.scrape());
            assertThat(before.keySet())
                    .contains("jvm_threads_live_threads", "process_uptime_seconds", "process_files_open_files")
                    .anyMatch(sample -> sample.startsWith("jvm_memory_used_bytes{"))
                    .anyMatch(sample -> sample.startsWith("process_cpu_seconds_total"));
            before.forEach((sample, value) -> {
                assertThat(value).as(sample).isNotNaN();
                Double pushed = got.get(sample);
                if (GOES_UP_AND_DOWN.matcher(sample).lookingAt()) {
                    assertThat(pushed).as(sample).isFinite().isGreaterThanOrEqualTo(Math.min(0, value));
                } else {
                    assertThat(pushed)
                            .as(sample)
                            .isBetween(value - EPSILON, requireNonNull(after.get(sample)) + EPSILON);
                }
            });
        }
    }

    private void awaitPushes(int more) throws InterruptedException {
        int first = pushes.get();
        while (pushes.get() < first + more) {
            Thread.sleep(10);
        }
    }

    /** All samples, but for maxima, which OTLP has none of. */
    private static Map<String, Double> samples(String text) {
        return text.lines()
                .filter(line -> !line.startsWith("#") && !line.matches("\\w+_seconds_max\\W.*"))
                .collect(Collectors.toMap(
                        line -> line.substring(0, line.lastIndexOf(' ')),
                        line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)),
                        (a, b) -> a,
                        TreeMap::new));
    }

    private void receive(ExportMetricsServiceRequest request) {
        request.getResourceMetricsList().stream()
                .flatMap(resource -> resource.getScopeMetricsList().stream())
                .flatMap(scope -> scope.getMetricsList().stream())
                .forEach(this::receive);
    }

    private void receive(Metric metric) {
        String name = metric.getName().replace('.', '_');
        switch (metric.getDataCase()) {
            case GAUGE -> metric.getGauge().getDataPointsList().forEach(point -> number(name, unit(metric), point));
            case SUM ->
                metric.getSum().getDataPointsList().forEach(point -> number(name, unit(metric) + "_total", point));
            case HISTOGRAM -> metric.getHistogram().getDataPointsList().forEach(point -> histogram(name, point));
            default -> throw new AssertionError(name + ": " + metric.getDataCase());
        }
    }

    private static String unit(Metric metric) {
        return metric.getUnit().isEmpty() ? "" : "_" + metric.getUnit();
    }

    private void number(String name, String suffix, NumberDataPoint point) {
        received.put(name + suffix + labels(point.getAttributesList(), ""), point.getAsDouble());
    }

    private void histogram(String name, HistogramDataPoint point) {
        List<KeyValue> attributes = point.getAttributesList();
        received.put(name + "_seconds_count" + labels(attributes, ""), (double) point.getCount());
        received.put(name + "_seconds_sum" + labels(attributes, ""), point.getSum());
        double below = 0;
        for (int i = 0; i < point.getBucketCountsCount(); i++) {
            below += point.getBucketCounts(i);
            boolean last = i == point.getExplicitBoundsCount();
            String bound = last ? "+Inf" : Double.toString(point.getExplicitBounds(i));
            received.put(name + "_seconds_bucket" + labels(attributes, "le=\"" + bound + '"'), below);
        }
    }

    private static String labels(List<KeyValue> attributes, String more) {
        String labels = attributes.stream()
                .sorted(Comparator.comparing(KeyValue::getKey))
                .map(each -> each.getKey() + "=\"" + each.getValue().getStringValue() + '"')
                .collect(Collectors.joining(","));
        String all = labels.isEmpty() || more.isEmpty() ? labels + more : labels + ',' + more;
        return all.isEmpty() ? "" : '{' + all + '}';
    }
}
