package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus scrapes a service whose workload is the sample for ABBA, with the rules and the dashboard that are
 * shipped. Needs {@code prometheus} and {@code promtool} on the PATH; {@code .ci/run} installs them and has the command.
 */
@Tag("prometheus")
@Timeout(300)
class PrometheusTest {
    private static final Path ROOT =
            Path.of(System.getProperty("spinbpf.root", "..")).toAbsolutePath().normalize();
    private static final Path RULES = ROOT.resolve("contrib/prometheus/spinbpf.rules.yml");
    private static final Pattern SAMPLE = Pattern.compile("spinbpf_lock_acquisitions_total\\{(.*)} (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final List<String> IDENTITY = List.of("lock", "kind", "map", "context", "result", "path");

    private static final int BUSY = 503;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final List<Process> PROCESSES = new ArrayList<>();

    private static String service;
    private static String prometheus;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        service = startService(directory);
        String target = service.substring("http://".length());
        Path config = Files.writeString(directory.resolve("prometheus.yml"), """
                global: {scrape_interval: 1s, evaluation_interval: 1s}
                rule_files: ['%s']
                scrape_configs:
                  - job_name: spinbpf
                    static_configs: [{targets: ['%s']}]
                """.formatted(RULES, target));
        int port = freePort();
        run(
                directory.resolve("prometheus.log"),
                "prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + directory.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port);
        prometheus = "http://127.0.0.1:" + port;
        await("Prometheus scrapes the service", () -> !series("up{job=\"spinbpf\"} == 1")
                .isEmpty());
    }

    @AfterAll
    static void stop() throws InterruptedException {
        for (Process process : PROCESSES.reversed()) {
            process.destroy();
        }
        for (Process process : PROCESSES) {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    private static String startService(Path directory) throws Exception {
        Path samples = ROOT.resolve("programs/samples");
        Path workload = Files.writeString(
                directory.resolve("abba.yaml"),
                read(samples.resolve("abba.yaml"))
                        .replace("version: 1\n", "version: 1\nheld_times: 1\n")
                        .replace("file: ", "file: " + samples + "/"));
        ServiceProcess started =
                ServiceProcess.start(List.of(), List.of("--workload", workload.toString(), "--duration", "forever"));
        PROCESSES.add(started.process());
        return started.url();
    }

    private static void run(Path log, String... command) throws IOException {
        PROCESSES.add(new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static void await(String what, BooleanSupplier isSo) throws InterruptedException {
        await(() -> what, isSo);
    }

    private static void await(Supplier<String> what, BooleanSupplier isSo) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!isSo.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.sleep(200);
        }
    }

    private static String get(String url) {
        return send(HttpRequest.newBuilder(URI.create(url)).build());
    }

    /** Sends a request; returns an empty text where the service does not listen yet, or is too busy to answer. */
    private static String send(HttpRequest request) {
        try {
            HttpResponse<String> answer = CLIENT.send(request, BodyHandlers.ofString());
            return answer.statusCode() == BUSY ? "" : answer.body();
        } catch (IOException e) {
            return ""; // it does not listen yet
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The series that a query gives now. */
    private static List<?> series(String query) {
        String answer = get(prometheus + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
        if (answer.isEmpty()) {
            return List.of();
        }
        Object tree = JsonTree.read(answer);
        assertThat(JsonTree.at(tree, "status")).as("%s: %s", query, answer).isEqualTo("success");
        return (List<?>) JsonTree.at(tree, "data", "result");
    }

    private static Map<String, Double> valuesInPrometheus() {
        Map<String, Double> values = new TreeMap<>();
        for (Object one : series("spinbpf_lock_acquisitions_total")) {
            Map<String, Object> labels = JsonTree.object(JsonTree.at(one, "metric"));
            StringBuilder key = new StringBuilder();
            IDENTITY.forEach(name -> key.append(labels.getOrDefault(name, "")).append(' '));
            values.put(key.toString(), Double.valueOf((String) JsonTree.at(one, "value", 1)));
        }
        return values;
    }

    private static Map<String, Double> valuesInService() {
        Map<String, Double> values = new TreeMap<>();
        get(service + "/metrics").lines().forEach(line -> {
            Matcher sample = SAMPLE.matcher(line);
            if (sample.matches()) {
                Map<String, String> labels = new TreeMap<>();
                Matcher label = LABEL.matcher(sample.group(1));
                while (label.find()) {
                    labels.put(label.group(1), label.group(2));
                }
                StringBuilder key = new StringBuilder();
                IDENTITY.forEach(
                        name -> key.append(labels.getOrDefault(name, "")).append(' '));
                values.put(key.toString(), Double.valueOf(sample.group(2)));
            }
        });
        return values;
    }

    /** Failures by result, as the API of the service counts them. */
    private static Map<String, Double> failuresInApi() {
        Map<String, Double> failures = new TreeMap<>();
        for (Object lock : (List<?>) JsonTree.at(JsonTree.read(get(service + "/api/v1/locks")), "locks")) {
            for (Object context : (List<?>) JsonTree.at(lock, "contexts")) {
                for (String result : List.of("aa", "abba", "timeout", "no_node")) {
                    failures.merge(result, ((Number) JsonTree.at(context, result)).doubleValue(), Double::sum);
                }
            }
        }
        return failures;
    }

    @Test
    void alertForDeadlocksShouldFire() throws InterruptedException {
        await("the alert fires", () -> !series(
                        "ALERTS{alertname=\"SpinbpfDeadlock\", alertstate=\"firing\", result=\"abba\"}")
                .isEmpty());
    }

    @Test
    void everyQueryOfTheDashboardShouldGiveASeries() throws InterruptedException {
        Object dashboard = JsonTree.read(read(ROOT.resolve("contrib/grafana/spinbpf.json")));
        List<String> queries = new ArrayList<>();
        for (Object panel : (List<?>) JsonTree.at(dashboard, "panels")) {
            Object targets = JsonTree.object(panel).get("targets");
            for (Object target : targets == null ? List.of() : (List<?>) targets) {
                queries.add((String) JsonTree.at(target, "expr"));
            }
        }
        assertThat(queries).hasSizeGreaterThan(15);
        queries.replaceAll(query ->
                query.replaceAll("\\$(job|instance|lock|context)", ".*").replace("$__rate_interval", "10s"));
        await(() -> "no series: " + queries, () -> {
            queries.removeIf(query -> !series(query).isEmpty());
            return queries.isEmpty();
        });
    }

    @Test
    void recordedRatiosShouldBeThoseOfTheCounts() throws InterruptedException {
        await("the ratio of failures is recorded", () -> !series(
                        "instance_lock_context:spinbpf_lock_failures:ratio_rate5m{context=\"task\"} > 0")
                .isEmpty());
        assertThat(series("instance_lock_context:spinbpf_lock_failures:ratio_rate5m > 1"))
                .isEmpty();
    }

    /** The workload stands still while both sides are read, and goes on afterwards. */
    @Test
    void countsShouldBeThoseOfTheService() throws InterruptedException {
        await("locks fail", () -> !series("spinbpf_lock_acquisitions_total{result=\"abba\"} > 0")
                .isEmpty());
        change("stop");
        Map<String, Double> expected = valuesInService();
        assertThat(expected).isNotEmpty();
        await("Prometheus has the last counts", () -> valuesInPrometheus().equals(expected));
        Map<String, Double> failures = new TreeMap<>();
        for (Object one : series("sum by (result) (spinbpf_lock_acquisitions_total{result!=\"ok\"})")) {
            failures.put((String) JsonTree.at(one, "metric", "result"), Double.valueOf((String)
                    JsonTree.at(one, "value", 1)));
        }
        assertThat(failures).isEqualTo(failuresInApi());
        change("start");
    }

    /** A workload that ends by itself: the ratio of each reason is that of its final report. */
    @Test
    void ratiosShouldBeThoseOfTheFinalReport() throws InterruptedException {
        change("stop");
        HttpRequest bounded = HttpRequest.newBuilder(URI.create(service + "/api/v1/workload/start"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"duration_ms\":3000}"))
                .header("Content-Type", "application/json")
                .build();
        await("the service starts it", () -> !send(bounded).isEmpty());
        awaitState("stopped");
        Map<String, Double> expected = ratiosInReport();
        assertThat(expected.get("abba")).isPositive();
        String ratios = "sum by (result) (spinbpf_lock_acquisitions_total)"
                + " / ignoring(result) group_left sum(spinbpf_lock_acquisitions_total)";
        await(() -> expected + " in " + series(ratios), () -> {
            Map<String, Double> shown = new TreeMap<>();
            for (Object one : series(ratios)) {
                shown.put((String) JsonTree.at(one, "metric", "result"), Double.valueOf((String)
                        JsonTree.at(one, "value", 1)));
            }
            return shown.equals(expected);
        });
        change("start");
    }

    /** The share of each result in the report of the run. */
    private static Map<String, Double> ratiosInReport() {
        Map<String, Double> counts = new TreeMap<>();
        double attempts = 0;
        Object report = JsonTree.read(get(service + "/api/v1/workload/report"));
        for (Object lock : (List<?>) JsonTree.at(report, "locks")) {
            for (Object context : (List<?>) JsonTree.at(lock, "contexts")) {
                attempts += ((Number) JsonTree.at(context, "attempts")).doubleValue();
                for (String result : List.of("ok", "aa", "abba", "timeout", "no_node")) {
                    counts.merge(result, ((Number) JsonTree.at(context, result)).doubleValue(), Double::sum);
                }
            }
        }
        double all = attempts;
        counts.replaceAll((result, count) -> count / all);
        return counts;
    }

    private static void change(String to) throws InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(service + "/api/v1/workload/" + to))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build();
        await("the service takes it", () -> !send(request).isEmpty());
        awaitState(to.equals("stop") ? "stopped" : "running");
    }

    private static void awaitState(String expected) throws InterruptedException {
        await("the workload is " + expected, () -> {
            String answer = get(service + "/api/v1/workload");
            return !answer.isEmpty()
                    && JsonTree.at(JsonTree.read(answer), "state").equals(expected);
        });
    }

    @Test
    void promtoolShouldHaveNothingToSayOfMetricsAndRules() throws Exception {
        assertThat(promtool(get(service + "/metrics"), "check", "metrics")).isEmpty();
        assertThat(promtool("", "check", "rules", RULES.toString())).contains("SUCCESS");
        assertThat(promtool(
                        "",
                        "test",
                        "rules",
                        RULES.resolveSibling("spinbpf.test.yml").toString()))
                .contains("SUCCESS")
                .doesNotContain("FAILED");
        assertThat(promtool(
                        "",
                        "check",
                        "config",
                        RULES.resolveSibling("prometheus.yml").toString()))
                .contains("SUCCESS");
    }

    private static String promtool(String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String said;
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            said = String.join("\n", reader.readAllLines());
        }
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
