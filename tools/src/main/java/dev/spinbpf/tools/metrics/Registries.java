package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.TimeHistogram;
import dev.spinbpf.tools.report.Printable;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Makes meters, each in the registry for Prometheus and, if there is one, in that for OTLP. For one thread at a time.
 */
final class Registries implements AutoCloseable {
    /** Longest text of a label; the rest is cut off. */
    private static final int LONGEST_LABEL = 128;

    private static final Duration[] SLOW_BOUNDS = {
        Duration.ofMillis(1),
        Duration.ofMillis(10),
        Duration.ofMillis(100),
        Duration.ofSeconds(1),
        Duration.ofSeconds(10)
    };

    /** Keeps out meters of the library whose names Prometheus' rules do not allow. */
    private static final MeterFilter MISNAMED = MeterFilter.deny(
            id -> id.getName().equals("process.cpu.time") || id.getName().equals("system.cpu.count"));

    private final ExpositionRegistry exposition = new ExpositionRegistry();
    private final List<Supplier<? extends MeterBinder>> binders = new ArrayList<>();
    private final List<JvmGcMetrics> listening = new ArrayList<>();
    private @Nullable OtlpRegistry otlp;

    Registries() {
        exposition.config().meterFilter(MISNAMED);
    }

    /** Returns the registry for Prometheus. */
    ExpositionRegistry exposition() {
        return exposition;
    }

    /** Returns the registry for OTLP, or null. */
    @Nullable
    OtlpRegistry otlp() {
        return otlp;
    }

    /** Adds the registry for OTLP; meters that are made later, and those of binders, are in it. */
    void add(OtlpRegistry registry) {
        registry.config().meterFilter(MISNAMED);
        otlp = registry;
        binders.forEach(binder -> bind(binder, registry));
    }

    private List<MeterRegistry> all() {
        OtlpRegistry pushed = otlp;
        return pushed == null ? List.of(exposition) : List.of(exposition, pushed);
    }

    /**
     * Adds meters that a library knows how to make.
     *
     * @param binder makes a binder for one registry: some keep the sources of the last registry alone, so that the gauges of
     *     another one would read NaN in the end
     */
    void bind(Supplier<? extends MeterBinder> binder) {
        binders.add(binder);
        all().forEach(registry -> bind(binder, registry));
    }

    private void bind(Supplier<? extends MeterBinder> binder, MeterRegistry registry) {
        MeterBinder made = binder.get();
        made.bindTo(registry);
        if (made instanceof JvmGcMetrics collections) {
            listening.add(collections);
        }
    }

    /** Counts an event by a counter that belongs to no machine. */
    void count(Metric metric, double amount, String... labels) {
        for (MeterRegistry registry : all()) {
            Counter.builder(metric.dotted())
                    .description(metric.help())
                    .tags(tags(metric, labels))
                    .register(registry)
                    .increment(amount);
        }
    }

    /** Records the time of something that belongs to no machine. */
    void time(Metric metric, long nanos, String... labels) {
        for (MeterRegistry registry : all()) {
            Timer.builder(metric.dotted())
                    .description(metric.help())
                    .tags(tags(metric, labels))
                    .serviceLevelObjectives(SLOW_BOUNDS)
                    .register(registry)
                    .record(nanos, TimeUnit.NANOSECONDS);
        }
    }

    private static Tags tags(Metric metric, String... values) {
        List<String> keys = metric.labels();
        if (keys.size() != values.length) {
            throw new IllegalArgumentException(metric + " has labels " + keys + ", not " + values.length);
        }
        List<Tag> tags = new ArrayList<>(values.length);
        for (int i = 0; i < values.length; i++) {
            tags.add(Tag.of(keys.get(i), label(values[i])));
        }
        return Tags.of(tags);
    }

    /** Returns a text as it may stand in a label: printable, and of bounded length. */
    static String label(String text) {
        String printable = Printable.line(text);
        return printable.length() <= LONGEST_LABEL ? printable : printable.substring(0, LONGEST_LABEL);
    }

    /** Meters that go away together, when the machine that they are of does. */
    final class Group implements AutoCloseable {
        private final List<Registered> meters = new ArrayList<>();

        private record Registered(MeterRegistry registry, Meter meter) {}

        private void keep(MeterRegistry registry, Meter meter) {
            meters.add(new Registered(registry, meter));
        }

        /** Makes a counter that reads what the source has counted; the caller keeps the source. */
        <T> void counter(Metric metric, T source, ToDoubleFunction<T> count, String... labels) {
            for (MeterRegistry registry : all()) {
                keep(
                        registry,
                        FunctionCounter.builder(metric.dotted(), source, count)
                                .description(metric.help())
                                .baseUnit(metric.kind().baseUnit())
                                .tags(tags(metric, labels))
                                .register(registry));
            }
        }

        /** Makes a counter that is given what is counted, for the sake of exemplars: one for each registry. */
        List<Counter> fedCounters(Metric metric, String... labels) {
            List<Counter> counters = new ArrayList<>();
            for (MeterRegistry registry : all()) {
                Counter counter = Counter.builder(metric.dotted())
                        .description(metric.help())
                        .tags(tags(metric, labels))
                        .register(registry);
                keep(registry, counter);
                counters.add(counter);
            }
            return counters;
        }

        /** Makes a gauge that reads the source. */
        <T> void gauge(Metric metric, T source, ToDoubleFunction<T> value, String... labels) {
            for (MeterRegistry registry : all()) {
                keep(
                        registry,
                        Gauge.builder(metric.dotted(), source, value)
                                .description(metric.help())
                                .baseUnit(metric.kind().baseUnit())
                                .tags(tags(metric, labels))
                                .strongReference(true)
                                .register(registry));
            }
        }

        /** Makes a gauge of 1 for its labels' sake. */
        void info(Metric metric, String... labels) {
            gauge(metric, 1, Integer::doubleValue, labels);
        }

        /** Takes out the gauge of 1 with these labels, so that another one may take its place. */
        void removeInfo(Metric metric, String... labels) {
            Tags tags = tags(metric, labels);
            meters.removeIf(each -> {
                Meter.Id id = each.meter.getId();
                boolean isIt = id.getName().equals(metric.dotted())
                        && id.getTags().equals(tags.stream().toList());
                if (isIt) {
                    each.registry.remove(each.meter);
                }
                return isIt;
            });
        }

        /** Makes a timer that shows times which are counted elsewhere. */
        void timer(Metric metric, TimeHistogram times, String... labels) {
            Tags tags = tags(metric, labels);
            Meter.Id id = new Meter.Id(metric.dotted(), tags, null, metric.help(), Meter.Type.TIMER);
            keep(exposition, exposition.countedTimer(builder(metric, tags), id, times));
            OtlpRegistry pushed = otlp;
            if (pushed != null) {
                keep(pushed, pushed.countedTimer(builder(metric, tags), times));
            }
        }

        private static Timer.Builder builder(Metric metric, Tags tags) {
            return Timer.builder(metric.dotted()).description(metric.help()).tags(tags);
        }

        /** Removes the meters. */
        @Override
        public void close() {
            meters.forEach(each -> each.registry.remove(each.meter));
            meters.clear();
        }
    }

    @Override
    public void close() {
        OtlpRegistry pushed = otlp;
        if (pushed != null) {
            pushed.close();
        }
        exposition.close();
        listening.forEach(JvmGcMetrics::close);
    }
}
