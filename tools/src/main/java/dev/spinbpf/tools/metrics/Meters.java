package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.tools.report.LockResult;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.vm.stress.StressReport;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All meters, made in this one place. What they show is read from the machine's own counters at each scrape, so that
 * counting costs the machine nothing more.
 */
public final class Meters implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final Supplier<Activity> snapshots;
    private final Map<String, AtomicLong> counters = new HashMap<>();
    private final TimesCollector waitTimes = new TimesCollector(
            "spinbpf_lock_wait_seconds",
            "How long contended attempts to take a lock waited, whether they got it or not",
            LockAttempts::waits);
    private final TimesCollector heldTimes = new TimesCollector(
            "spinbpf_lock_held_seconds",
            "How long locks were held, of the acquisitions that were timed",
            LockAttempts::holds);

    /** @param snapshots gives what has happened so far; called once a scrape */
    public Meters(Supplier<Activity> snapshots) {
        this.snapshots = snapshots;
        registry.getPrometheusRegistry().register(waitTimes);
        registry.getPrometheusRegistry().register(heldTimes);
    }

    /** Counts a program that was verified: {@code accepted}, {@code rejected} or {@code unsupported}. */
    public synchronized void countVerdict(String verdict) {
        counter("spinbpf.verifier.verdicts", "Programs verified, by verdict", "verdict", verdict)
                .incrementAndGet();
    }

    /** Counts a request that was answered. */
    public synchronized void countRequest(String method, String route, int status, long nanos) {
        Timer.builder("spinbpf.server.requests")
                .description("Requests that the server answered, by method, route and status")
                .tags("method", method, "route", route, "status", Integer.toString(status))
                .register(registry)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Returns the metrics in the format that a scraper asks for: Prometheus' protobuf, OpenMetrics 1.0 or, where it
     * names neither, Prometheus' text format 0.0.4.
     *
     * @param accept the request's header Accept, or null
     */
    public Exposition scrape(@Nullable String accept) {
        ExpositionFormatWriter writer = formats.findWriter(accept);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            writer.write(body, snapshot());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Exposition(writer.getContentType(), body.toByteArray());
    }

    /** Returns the metrics as Prometheus' text format has them. */
    public String scrape() {
        return new String(scrape(null).body(), StandardCharsets.UTF_8);
    }

    private synchronized MetricSnapshots snapshot() {
        Activity report = snapshots.get();
        gauges(report);
        report.programs().forEach(this::program);
        report.locks().forEach(this::lock);
        report.interrupts().forEach((level, count) -> counter(
                        "spinbpf.interrupts.delivered", "Interrupts delivered to CPUs, by level", "level", word(level))
                .set(count));
        counter(
                        "spinbpf.stress.violations",
                        "What must not happen and did: exclusion broken, counts that do not add up, stuck CPUs")
                .set(report.violations());
        waitTimes.show(report.locks());
        heldTimes.show(report.locks());
        return registry.getPrometheusRegistry().scrape();
    }

    private void gauges(Activity report) {
        if (registry.find("spinbpf.cpus").gauge() == null) {
            Gauge.builder("spinbpf.cpus", report::cpus)
                    .description("Emulated CPUs")
                    .strongReference(true)
                    .register(registry);
            Gauge.builder("spinbpf.processors", report::realProcessors)
                    .description("Processors of the machine that emulates the CPUs")
                    .strongReference(true)
                    .register(registry);
        }
    }

    private void program(StressReport.ProgramRow program) {
        program.runs().forEach((level, runs) -> {
            String[] labels = {"program", Printable.line(program.name()), "context", word(level)};
            counter("spinbpf.program.runs", "Program runs that ended with a result", labels)
                    .set(runs.ended());
            counter("spinbpf.program.misses", "Program runs that a recursion guard prevented", labels)
                    .set(runs.misses());
            counter("spinbpf.program.faults", "Program runs that were stopped by a fault", labels)
                    .set(runs.faults());
        });
    }

    private void lock(LockRow lock) {
        lock.contexts().forEach((level, attempts) -> {
            for (LockResult result : LockResult.values()) {
                counter(
                                "spinbpf.lock.acquisitions",
                                "Attempts to take a lock, by result: taken (ok), or why not",
                                "lock",
                                Printable.line(lock.name()),
                                "context",
                                word(level),
                                "result",
                                result.word())
                        .set(result.in(attempts));
            }
            for (LockOutcome outcome : LockOutcome.values()) {
                if (outcome.isAcquired()) {
                    counter("spinbpf.lock.paths", "Locks taken, by path", path(lock, level, outcome))
                            .set(attempts.count(outcome));
                }
            }
        });
    }

    private static String[] path(LockRow lock, ContextLevel level, LockOutcome outcome) {
        String path = outcome.name().toLowerCase(Locale.ROOT);
        return new String[] {"lock", Printable.line(lock.name()), "context", word(level), "path", path};
    }

    private AtomicLong counter(String name, String help, String... labels) {
        String key = name + '\0' + String.join("\0", labels);
        AtomicLong known = counters.get(key);
        if (known != null) {
            return known;
        }
        AtomicLong value = new AtomicLong();
        counters.put(key, value);
        FunctionCounter.builder(name, value, AtomicLong::get)
                .description(help)
                .tags(Tags.of(labels))
                .register(registry);
        return value;
    }

    private static String word(ContextLevel level) {
        return level.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void close() {
        registry.close();
    }
}
