package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeSnapshot;
import dev.spinbpf.tools.report.Printable;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** A histogram of times by lock and context. */
final class TimesCollector implements Collector {
    private static final double NANOS_PER_SECOND = 1e9;

    /** Upper bounds: a microsecond to a second, in steps of 4, and the lock's own limits. */
    private static final long[] BOUNDS_NANOS = {
        1_000,
        4_000,
        16_000,
        64_000,
        256_000,
        1_000_000,
        4_000_000,
        16_000_000,
        64_000_000,
        250_000_000,
        500_000_000,
        1_000_000_000
    };

    private final String name;
    private final String help;
    private final Function<LockAttempts, TimeSnapshot> which;
    private volatile List<LockRow> locks = List.of();

    /**
     * @param name the metric's name
     * @param help what it says
     * @param which the times among what is known of attempts
     */
    TimesCollector(String name, String help, Function<LockAttempts, TimeSnapshot> which) {
        this.name = name;
        this.help = help;
        this.which = which;
    }

    /** Sets what the next scrape shows. */
    void show(List<LockRow> rows) {
        locks = rows;
    }

    @Override
    public MetricSnapshot collect() {
        HistogramSnapshot.Builder histogram =
                HistogramSnapshot.builder().name(name).help(help);
        for (LockRow lock : locks) {
            lock.contexts().forEach((level, attempts) -> {
                TimeSnapshot times = which.apply(attempts);
                if (!times.isEmpty()) {
                    histogram.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                            .labels(Labels.of(
                                    "lock",
                                    Printable.line(lock.name()),
                                    "context",
                                    level.name().toLowerCase(Locale.ROOT)))
                            .classicHistogramBuckets(buckets(times))
                            .sum(times.totalNanos() / NANOS_PER_SECOND)
                            .build());
                }
            });
        }
        return histogram.build();
    }

    private static ClassicHistogramBuckets buckets(TimeSnapshot times) {
        long[] counts = times.below(BOUNDS_NANOS);
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int i = 0; i < BOUNDS_NANOS.length; i++) {
            buckets.bucket(BOUNDS_NANOS[i] / NANOS_PER_SECOND, counts[i]);
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, counts[BOUNDS_NANOS.length])
                .build();
    }
}
