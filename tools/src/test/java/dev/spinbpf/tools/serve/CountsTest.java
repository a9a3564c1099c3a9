package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockEnd;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.vm.context.ProgramStats;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A workload that has come to its end has the same counts in its report, in the metrics and in the interface. */
@Timeout(300)
class CountsTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final Pattern SAMPLE = Pattern.compile("spinbpf_lock_acquisitions_total\\{(.*)} (\\S+)");
    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Attachment UPDATE_TABLE = Attachment.of("nesting", "update_table");
    private static final List<String> RESULTS = List.of("ok", "aa", "abba", "timeout", "no_node");

    private static Service start(Duration duration) throws Exception {
        byte[] abba = Files.readAllBytes(SAMPLES.resolve("abba.bpf.o"));
        ObjectFile file = new ObjectFile("abba", new NamedFile("abba.bpf.o", ByteString.of(abba)), List.of());
        ProgramWorkload workload = ProgramWorkload.of(List.of(file)).withDuration(duration);
        return Service.start(ServiceOptions.loopback(0), () -> workload, Btf.EMPTY);
    }

    private static void add(Map<String, Long> counts, String lock, String context, String result, long count) {
        if (count > 0) {
            counts.merge(lock + " " + context + " " + result, count, Long::sum);
        }
    }

    private static Map<String, Long> ofReport(Service service) {
        Map<String, Long> counts = new TreeMap<>();
        for (LockRow row : service.engine().run().snapshot().locks()) {
            for (Map.Entry<ContextLevel, LockAttempts> entry : row.contexts().entrySet()) {
                LockAttempts attempts = entry.getValue();
                for (LockEnd end : LockEnd.values()) {
                    add(counts, row.name(), entry.getKey().word(), end.outcome().resultWord(), attempts.count(end));
                }
                add(counts, row.name(), entry.getKey().word(), "attempts", attempts.total());
            }
        }
        return counts;
    }

    private static Map<String, Long> ofMetrics(Service service) {
        Map<String, Long> counts = new TreeMap<>();
        String text = new String(service.exposition().body(), StandardCharsets.UTF_8);
        for (String line : text.lines().toList()) {
            Matcher sample = SAMPLE.matcher(line);
            if (sample.matches()) {
                Map<String, String> labels = new TreeMap<>();
                LABEL.matcher(sample.group(1)).results().forEach(label -> labels.put(label.group(1), label.group(2)));
                long count = (long) Double.parseDouble(sample.group(2));
                String lock = String.valueOf(labels.get("lock"));
                String context = String.valueOf(labels.get("context"));
                add(counts, lock, context, String.valueOf(labels.get("result")), count);
                add(counts, lock, context, "attempts", count);
            }
        }
        return counts;
    }

    private static Map<String, Long> ofInterface(Service service) throws Exception {
        Map<String, Long> counts = new TreeMap<>();
        URI url = URI.create("http://127.0.0.1:" + service.address().getPort() + "/api/v1/locks");
        try (HttpClient client = HttpClient.newHttpClient()) {
            Object answer =
                    JsonTree.read(client.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString())
                            .body());
            for (Object lock : (List<?>) JsonTree.at(answer, "locks")) {
                for (Object context : (List<?>) JsonTree.at(lock, "contexts")) {
                    String name = (String) JsonTree.at(lock, "name");
                    String level = (String) JsonTree.at(context, "context");
                    for (String result : RESULTS) {
                        add(counts, name, level, result, (Long) JsonTree.at(context, result));
                    }
                    add(counts, name, level, "attempts", (Long) JsonTree.at(context, "attempts"));
                }
            }
        }
        return counts;
    }

    @Test
    void shouldBeTheSameInReportMetricsAndInterface() throws Exception {
        try (Service service = start(Duration.ofSeconds(1))) {
            while (service.engine().run().phase() != EngineRun.Phase.STOPPED) {
                Thread.sleep(20);
            }
            Map<String, Long> report = ofReport(service);
            assertThat(report.keySet()).anyMatch(key -> key.endsWith(" ok"));
            assertThat(ofMetrics(service)).isEqualTo(report);
            assertThat(ofInterface(service)).isEqualTo(report);
        }
    }

    private static List<String> samples(Service service, String start) {
        return new String(service.exposition().body(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith(start))
                .toList();
    }

    private static double value(List<String> samples) {
        return samples.stream()
                .mapToDouble(sample -> Double.parseDouble(sample.substring(sample.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** Attaches a program of nesting.bpf.o, lets it run, and unloads it. Returns how often it ran. */
    private static long attachAndUnload(Service service) throws Exception {
        service.engine().attach("nesting", "update_table", List.of(UPDATE_TABLE));
        ProgramStats stats = Objects.requireNonNull(
                        service.engine().program("nesting", "update_table").inMachine())
                .stats();
        while (stats.runs(ContextLevel.TASK) == 0) {
            Thread.sleep(5);
        }
        service.engine().unload("nesting", "update_table");
        return stats.runs(ContextLevel.TASK);
    }

    /** Nothing asks for metrics while the program is there. */
    @Test
    void shouldKeepTheCountsOfProgramsThatAreGone() throws Exception {
        String runs = "spinbpf_program_runs_total{context=\"task\",hook=\"syscall\",program=\"update_table\"}";
        try (Service service = start(StressOptions.FOREVER)) {
            byte[] nesting = Files.readAllBytes(SAMPLES.resolve("nesting.bpf.o"));
            service.engine().upload("nesting", nesting);
            long first = attachAndUnload(service);
            assertThat(value(samples(service, runs))).isEqualTo((double) first);
            assertThat(samples(service, "spinbpf_lock_info{"))
                    .anyMatch(sample -> sample.contains("lock=\"table\"") && sample.contains("object=\"nesting\""));
            List<String> info = samples(service, "spinbpf_program_info{hook=\"syscall\",id=").stream()
                    .filter(sample -> sample.contains("program=\"update_table\""))
                    .toList();
            assertThat(info).hasSize(1);
            long second = attachAndUnload(service);
            assertThat(value(samples(service, runs))).isEqualTo((double) (first + second));
            assertThat(samples(service, "spinbpf_program_info{hook=\"syscall\",id="))
                    .filteredOn(sample -> sample.contains("program=\"update_table\""))
                    .singleElement()
                    .as("the one that came last")
                    .isNotEqualTo(info.getFirst());
        }
    }
}
