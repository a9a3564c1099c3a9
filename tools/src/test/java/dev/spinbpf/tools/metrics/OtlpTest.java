package dev.spinbpf.tools.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Pushes to a receiver, and holds each sample that it got against the exposition. */
class OtlpTest {
    /** By name and labels, as Prometheus' text writes them. */
    private final Map<String, Double> received = new ConcurrentHashMap<>();

    @Test
    void shouldPushEachSampleThatIsExposed() throws Exception {
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/v1/metrics", exchange -> {
            try (InputStream body = exchange.getRequestBody()) {
                receive(ExportMetricsServiceRequest.parseFrom(body));
            }
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        receiver.start();
        String url = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/v1/metrics";
        Map<String, Double> exposed;
        try (ContendedLocks machine = new ContendedLocks()) {
            try (Meters meters = new Meters(machine::activity)) {
                meters.pushTo(url, Duration.ofHours(1));
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
        } finally {
            receiver.stop(0);
        }
        assertThat(received).hasSizeGreaterThan(100);
        assertThat(exposed).isNotEmpty();
        exposed.forEach((sample, value) ->
                assertThat(received.getOrDefault(sample, Double.NaN)).as(sample).isCloseTo(value, Offset.offset(1e-9)));
    }

    /** The samples of this program's own metrics; times that change by themselves are left out. */
    private static Map<String, Double> samples(String text) {
        return text.lines()
                .filter(line -> line.startsWith("spinbpf_") && !line.startsWith("spinbpf_server_request_seconds_max"))
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
