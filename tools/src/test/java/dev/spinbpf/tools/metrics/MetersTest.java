package dev.spinbpf.tools.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.hook.HookTarget;
import io.prometheus.metrics.expositionformats.generated.Metrics;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetersTest {
    private static final String OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    private static final String PROTOBUF = "application/vnd.google.protobuf;"
            + "proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.3";

    private static String text(Exposition exposition) {
        return new String(exposition.body(), StandardCharsets.UTF_8);
    }

    private static String acquisitions(String context, String path, String result) {
        return ("spinbpf_lock_acquisitions_total{context=\"%s\",kind=\"global\",lock=\"table\",map=\"\","
                        + "path=\"%s\",result=\"%s\"} ")
                .formatted(context, path, result);
    }

    @Test
    void shouldSayWhatWasTakenAndWhyNot() {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            ContendedLocks.Lock table = machine.lock("table");
            table.holdWhile(5_000, table::refuse);
            table.holdWhile(5_000, () -> {
                table.refuse();
                assertThat(meters.scrape())
                        .contains("spinbpf_locks_held{context=\"task\",kind=\"global\",lock=\"table\",map=\"\"} 1.0");
            });
            assertThat(meters.scrape())
                    .contains(acquisitions("task", "fast", "ok") + "2.0")
                    .contains(acquisitions("nmi", "pending", "aa") + "2.0")
                    .contains(acquisitions("nmi", "pending", "timeout") + "0.0")
                    .contains("spinbpf_locks_held{context=\"task\",kind=\"global\",lock=\"table\",map=\"\"} 0.0")
                    .contains("object=\"made.bpf.o\"")
                    .contains("spinbpf_lock_held_seconds_sum{context=\"task\",kind=\"global\",lock=\"table\",map=\"\"}"
                            + " 1.0E-5");
        }
    }

    @Test
    void shouldNegotiateTheFormat() {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            assertThat(meters.scrape(null).contentType()).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
            assertThat(meters.scrape("*/*").contentType()).startsWith("text/plain; version=0.0.4");
            assertThat(meters.scrape(OPEN_METRICS).contentType()).startsWith("application/openmetrics-text");
            assertThat(text(meters.scrape(OPEN_METRICS))).endsWith("# EOF\n");
            assertThat(meters.scrape(PROTOBUF).contentType()).startsWith("application/vnd.google.protobuf");
        }
    }

    @Test
    void shouldPointFromACountOfFailuresToOneOfThem() {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            ContendedLocks.Lock table = machine.lock("table");
            table.holdWhile(5_000, table::refuse);
            String traceId = machine.failures().getFirst().traceId();
            assertThat(traceId).matches("[0-9a-f]{32}");
            assertThat(text(meters.scrape(OPEN_METRICS)).lines())
                    .anyMatch(line -> line.startsWith(acquisitions("nmi", "pending", "aa") + "1.0 # {")
                            && line.contains("trace_id=\"" + traceId + '"'));
            assertThat(meters.scrape()).doesNotContain(traceId);
        }
    }

    @Test
    void shouldExposeNativeHistogramsThatEqualTheClassicOnes() throws IOException {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            ContendedLocks.Lock table = machine.lock("table");
            for (long nanos = 1; nanos < 100_000_000; nanos *= 3) {
                table.holdWhile(nanos, () -> {});
            }
            var exposition = new ByteArrayInputStream(meters.scrape(PROTOBUF).body());
            var family = Metrics.MetricFamily.parseDelimitedFrom(exposition);
            while (!family.getName().equals("spinbpf_lock_held_seconds")) {
                family = Metrics.MetricFamily.parseDelimitedFrom(exposition);
            }
            var histogram = family.getMetric(0).getHistogram();
            assertThat(histogram.getSchema()).isEqualTo(3);
            assertThat(histogram.getSampleCount()).isEqualTo(17);
            assertThat(histogram.getBucketCount()).isEqualTo(13);
            List<Integer> indexes = new ArrayList<>();
            int index = 0;
            for (var span : histogram.getPositiveSpanList()) {
                index += span.getOffset();
                for (int i = 0; i < span.getLength(); i++) {
                    indexes.add(index++);
                }
            }
            long count = 0;
            long sum = 0;
            List<Integer> used = new ArrayList<>();
            for (int i = 0; i < indexes.size(); i++) {
                count += histogram.getPositiveDelta(i);
                sum += count;
                for (long n = 0; n < count; n++) {
                    used.add(indexes.get(i));
                }
            }
            assertThat(sum).isEqualTo(17);
            int at = 0;
            for (long nanos = 1; nanos < 100_000_000; nanos *= 3) {
                assertThat(nanos / 1e9)
                        .isLessThanOrEqualTo(Math.pow(2, used.get(at) / 8.0))
                        .isGreaterThan(Math.pow(2, (used.get(at) - 1) / 8.0));
                at++;
            }
        }
    }

    @Test
    void shouldTellABoundedNumberOfLocksApart() {
        try (ContendedLocks machine = new ContendedLocks();
                Meters meters = new Meters(machine::activity)) {
            for (int i = 0; i < LockMeters.MOST + 100; i++) {
                ContendedLocks.Lock lock = machine.lock(String.format(Locale.ROOT, "lock_%04d", i));
                lock.holdWhile(1, () -> {});
            }
            machine.lock("x".repeat(5000) + "\n\u001b").holdWhile(1, () -> {});
            String scrape = meters.scrape();
            assertThat(scrape).contains("lock=\"lock_0999\"").doesNotContain("lock=\"lock_1000\"");
            assertThat(scrape).contains("spinbpf_metrics_labels_dropped_total{of=\"lock\"} 101.0");
            assertThat(scrape.lines())
                    .filteredOn(
                            line -> line.startsWith("spinbpf_lock_acquisitions_total{context=\"task\",kind=\"other\""
                                    + ",lock=\"other\",map=\"\",path=\"fast\""))
                    .singleElement()
                    .asString()
                    .endsWith(" 101.0");
            assertThat(scrape).doesNotContain("x".repeat(200));
        }
    }

    /** Programs {@code p0000}, {@code p0001}, ..., each with an array of its own. */
    private static ProgramObject programs(int count) throws AssemblyException {
        var text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(String.format(Locale.ROOT, """
                    .map m%1$04d array
                        key 4
                        value 8
                        max_entries 1
                    .program p%1$04d "tc"
                        r1 = map[m%1$04d]
                        r0 = 0
                        exit
                    """, i));
        }
        return Assembler.assemble("many.bpfasm", text.toString());
    }

    @Test
    void shouldTellABoundedNumberOfProgramsAndMapsApart() throws Exception {
        ProgramObject object = programs(MapMeters.MOST + 3);
        try (Machine machine = new Machine(MachineOptions.ofCpus(1))) {
            Map<LoadedProgram, HookTarget> hooks = new LinkedHashMap<>();
            for (Program program : object.programs()) {
                LoadedProgram loaded = machine.loadUnverified(object, program);
                hooks.put(loaded, machine.attach(loaded));
            }
            var activity = new Activity(
                    machine.cpus(),
                    machine.lockStats(),
                    () -> hooks,
                    machine::programs,
                    machine::maps,
                    machine::objectOfMap,
                    () -> 0);
            try (Meters meters = new Meters(() -> activity)) {
                String scrape = meters.scrape();
                assertThat(scrape)
                        .contains("spinbpf_metrics_labels_dropped_total{of=\"program\"} 3.0")
                        .contains("spinbpf_metrics_labels_dropped_total{of=\"map\"} 3.0");
                for (String label : List.of("program", "map")) {
                    assertThat(Pattern.compile("[{,]" + label + "=\"([^\"]+)\"")
                                    .matcher(scrape)
                                    .results()
                                    .map(match -> match.group(1))
                                    .distinct())
                            .hasSize(MapMeters.MOST + 1)
                            .contains("other");
                }
            }
        }
    }

    @Test
    void shouldForgetAMachineThatIsReplaced() {
        try (ContendedLocks first = new ContendedLocks();
                ContendedLocks second = new ContendedLocks()) {
            Activity[] now = {first.activity()};
            try (Meters meters = new Meters(() -> now[0])) {
                first.lock("first").holdWhile(10, () -> {});
                assertThat(meters.scrape()).contains("lock=\"first\"");
                now[0] = second.activity();
                second.lock("second").holdWhile(10, () -> {});
                assertThat(meters.scrape()).contains("lock=\"second\"").doesNotContain("lock=\"first\"");
            }
        }
    }
}
