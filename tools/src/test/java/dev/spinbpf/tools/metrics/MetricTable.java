package dev.spinbpf.tools.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The table of metrics, against what is exposed and what is documented. */
public final class MetricTable {
    private static final Pattern SAMPLE = Pattern.compile("(\\w+?)(_bucket|_sum|_count|_max)?(?:\\{(.*)})? \\S+");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"");

    private MetricTable() {}

    private static Map<String, Metric> byName() {
        return Arrays.stream(Metric.values()).collect(Collectors.toMap(Metric::exposedName, Function.identity()));
    }

    /** Each metric of this program that is exposed is in the table, with this help, type and labels. */
    public static void assertDescribes(String exposition) {
        Map<String, Metric> metrics = byName();
        assertThat(exposition.lines().filter(line -> line.contains(" spinbpf_")))
                .allSatisfy(line -> {
                    String[] words = line.split(" ", 4);
                    Metric metric = Objects.requireNonNull(
                            metrics.get(words[2].replaceFirst("_seconds_max$", "_seconds")), line);
                    if (words[1].equals("HELP")) {
                        assertThat(words[3]).isEqualTo(metric.help());
                    } else if (!words[2].endsWith("_max")) {
                        assertThat(words[3]).isEqualTo(type(metric));
                    }
                });
        assertThat(exposition.lines().filter(line -> line.startsWith("spinbpf_")))
                .allSatisfy(line -> {
                    Matcher sample = SAMPLE.matcher(line);
                    assertThat(sample.matches()).as(line).isTrue();
                    Metric metric = Objects.requireNonNull(metrics.get(sample.group(1)), line);
                    TreeSet<String> labels = new TreeSet<>();
                    Matcher label = LABEL.matcher(sample.group(3) == null ? "" : sample.group(3));
                    while (label.find()) {
                        labels.add(label.group(1));
                    }
                    labels.remove("le");
                    assertThat(labels).as(line).isEqualTo(new TreeSet<>(metric.labels()));
                });
    }

    /** Returns the type as Prometheus has it. */
    static String type(Metric metric) {
        return switch (metric.kind()) {
            case COUNTER, SECONDS -> "counter";
            case GAUGE, BYTES, INFO -> "gauge";
            case TIMER -> "histogram";
        };
    }

    /** Returns the rows of the documentation, by name: name, type, labels, help. */
    static Map<String, String> rows() {
        Map<String, String> rows = new TreeMap<>();
        for (Metric metric : Metric.values()) {
            String labels =
                    metric.labels().stream().map(label -> '`' + label + '`').collect(Collectors.joining(", "));
            rows.put(
                    metric.exposedName(),
                    "| `%s` | %s | %s | %s |".formatted(metric.exposedName(), type(metric), labels, metric.help()));
        }
        return rows;
    }
}
