package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.LockStats;
import dev.spinbpf.verifier.Verdict;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All meters. They are made here and by the classes that this one calls, from the table {@link Metric}, and read the
 * machine's own counters when they are exposed or pushed, so that counting costs the machine nothing more.
 *
 * <p>A count takes one way: the counters of a lock, program or map, which each CPU has for itself; their sum over CPUs,
 * and over those with the same labels; the meter, which shows it. Reports sum up the same counters.
 */
public final class Meters implements AutoCloseable {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Registries registries = new Registries();
    private final ExpositionFormats formats = ExpositionFormats.init();
    private final Registries.Group lasting = registries.new Group();
    private final Map<String, SharedExposition> shared = new ConcurrentHashMap<>(); // by type, of which there are few
    private final Supplier<Activity> activities;
    private @Nullable MachineMeters machine;

    /** The meters of one machine. */
    private static final class MachineMeters implements AutoCloseable {
        private final LockStats identity;
        private final Registries.Group meters;
        private final LockMeters locks;
        private final ProgramMeters programs;
        private final MapMeters maps;

        MachineMeters(Activity activity, Registries.Group meters) {
            this.meters = meters;
            identity = activity.locks();
            CpuMeters.register(activity, meters);
            locks = new LockMeters(activity, meters);
            programs = new ProgramMeters(activity, meters);
            maps = new MapMeters(activity, meters);
        }

        void refresh() {
            programs.refresh();
            maps.refresh();
            locks.refresh();
        }

        @Override
        public void close() {
            locks.close();
            meters.close();
        }
    }

    /**
     * Meters of a machine.
     *
     * @param activities gives the machine that is at work; called now and at each scrape. Once it gives another machine, the
     *     meters of the one before are gone
     */
    public Meters(Supplier<Activity> activities) {
        this.activities = activities;
        registerLasting();
        refresh();
        registries.bind(JvmMemoryMetrics::new);
        registries.bind(JvmGcMetrics::new);
        registries.bind(JvmThreadMetrics::new);
        registries.bind(ClassLoaderMetrics::new);
        registries.bind(ProcessorMetrics::new);
        registries.bind(UptimeMetrics::new);
        registries.bind(FileDescriptorMetrics::new);
    }

    /** Registers the meters that belong to no machine. */
    private void registerLasting() {
        String version = Meters.class.getPackage().getImplementationVersion();
        lasting.info(
                Metric.BUILD_INFO,
                Objects.requireNonNullElse(version, "unknown"),
                Runtime.version().toString());
        lasting.counter(Metric.PROCESS_CPU, ProcessHandle.current(), Meters::cpuSeconds);
    }

    private static double cpuSeconds(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / NANOS_PER_SECOND;
    }

    /** Counts a program that was verified. */
    public synchronized void countVerdict(Verdict verdict) {
        String result =
                switch (verdict) {
                    case Verdict.Accepted accepted -> "accepted";
                    case Verdict.Rejected rejected -> "rejected";
                    case Verdict.Unsupported unsupported -> "unsupported";
                };
        registries.count(Metric.VERIFIER_VERDICTS, 1, result);
        registries.count(Metric.VERIFIER_INSTRUCTIONS, verdict.stats().insns(), result);
        registries.time(Metric.VERIFIER_TIME, verdict.stats().durationNanos(), result);
    }

    /**
     * Counts a request that was answered.
     *
     * @param method its method, one of those that the server knows, or {@code other}
     * @param route the pattern that its path matched, never the path itself
     * @param status the answer's status
     * @param nanos how long the answer took
     */
    public synchronized void countRequest(String method, String route, int status, long nanos) {
        registries.time(Metric.SERVER_REQUESTS, nanos, method, route, Integer.toString(status));
    }

    /**
     * Begins to push the same metrics by OTLP over HTTP, every so often and at last at {@link #close}. Verdicts and
     * requests that were counted before are not pushed.
     *
     * @param endpoint the receiver's URL with path, such as {@code http://127.0.0.1:4318/v1/metrics}
     */
    public synchronized void pushTo(String endpoint, Duration every) {
        registries.add(new OtlpRegistry(endpoint, every, this::refreshPushed));
        lasting.close();
        registerLasting();
        forgetMachine();
        refresh();
    }

    private void forgetMachine() {
        MachineMeters known = machine;
        if (known != null) {
            known.close();
            machine = null;
        }
    }

    private synchronized void refreshPushed() {
        refresh();
        OtlpRegistry pushed = registries.otlp();
        if (pushed != null) {
            pushed.catchUp();
        }
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
            writer.write(body, snapshots());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Exposition(writer.getContentType(), body.toByteArray());
    }

    /**
     * As {@link #scrape(String)}, for many scrapers at once: those that come within some 75 ms of each other get the same
     * bytes, so that a thousand scrapes a second cost as much as fourteen.
     */
    public Exposition scrapeShared(@Nullable String accept) {
        String type = formats.findWriter(accept).getContentType();
        return shared.computeIfAbsent(type, key -> new SharedExposition()).get(() -> scrape(accept));
    }

    /** Returns the metrics as Prometheus' text format has them. */
    public String scrape() {
        return new String(scrape(null).body(), StandardCharsets.UTF_8);
    }

    private synchronized MetricSnapshots snapshots() {
        refresh();
        return registries.exposition().getPrometheusRegistry().scrape();
    }

    /** Takes note of programs, maps and locks that are there now, so that none is missed which goes before the next scrape. */
    public synchronized void noteWhatIsThere() {
        refresh();
    }

    private void refresh() {
        Activity activity = activities.get();
        MachineMeters meters = machine;
        if (meters == null || meters.identity != activity.locks()) {
            forgetMachine();
            meters = new MachineMeters(activity, registries.new Group());
            machine = meters;
        }
        meters.refresh();
    }

    @Override
    public void close() {
        registries.close();
    }
}
