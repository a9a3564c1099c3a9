package dev.spinbpf.tools.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Holds documentation and exposition against the table of metrics. */
class MetricTableTest {
    private static final Path ROOT = Path.of(System.getProperty("spinbpf.root", ".."));
    private static final Pattern NAME = Pattern.compile("\\bspinbpf_[a-z_]+\\b");

    @Test
    void shouldBeTheTableOfTheDocumentation() throws IOException {
        List<String> documented = Files.readAllLines(ROOT.resolve("docs/metrics.md")).stream()
                .filter(line -> line.startsWith("| `"))
                .filter(line -> line.contains("spinbpf_") || line.contains("process_cpu"))
                .toList();
        assertThat(documented).containsExactlyElementsOf(MetricTable.rows().values());
    }

    @Test
    void shouldHaveEachNameThatIsWrittenAnywhere() throws IOException {
        Map<String, String> rows = MetricTable.rows();
        for (String file : List.of("README.md", "docs/metrics.md", "docs/stress.md")) {
            assertThat(NAME.matcher(Files.readString(ROOT.resolve(file)))
                            .results()
                            .map(found -> found.group()))
                    .as(file)
                    .isNotEmpty()
                    .allSatisfy(name -> assertThat(rows).containsKey(name.replaceFirst("_bucket$", "")));
        }
    }

    @Test
    void shouldNameMetricsAsPrometheusDemands() {
        assertThat(MetricTable.rows().keySet()).allSatisfy(name -> assertThat(name)
                .matches("[a-z][a-z_]*")
                .doesNotContainPattern("_(count|sum|bucket|ms|ns|us|millis|nanos|milliseconds|nanoseconds)(_|$)"));
        for (Metric metric : Metric.values()) {
            assertThat(metric.exposedName().endsWith("_total"))
                    .as(metric.exposedName())
                    .isEqualTo(MetricTable.type(metric).equals("counter"));
            assertThat(metric.help()).isNotBlank();
        }
    }

    @Test
    void shouldDescribeWhatIsExposed() {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            ContendedLocks.Lock table = machine.lock("table");
            table.holdWhile(5_000, table::refuse);
            meters.countRequest("GET", "/metrics", 200, 1_000);
            MetricTable.assertDescribes(meters.scrape());
        }
    }
}
