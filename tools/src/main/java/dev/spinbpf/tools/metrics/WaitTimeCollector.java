package dev.spinbpf.tools.metrics;

import dev.spinbpf.vm.StressReport;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.List;
import java.util.Locale;

/** The histogram {@code spinbpf_lock_wait_seconds}: how long contended attempts to take a lock waited. */
final class WaitTimeCollector implements Collector {
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

    private volatile List<StressReport.LockRow> locks = List.of();

    /** Sets what the next scrape shows. */
    void show(List<StressReport.LockRow> rows) {
        locks = rows;
    }

    @Override
    public MetricSnapshot collect() {
        HistogramSnapshot.Builder histogram = HistogramSnapshot.builder()
                .name("spinbpf_lock_wait_seconds")
                .help("How long contended attempts to take a lock waited, whether they got it or not");
        for (StressReport.LockRow lock : locks) {
            lock.contexts().forEach((level, attempts) -> {
                if (!attempts.waits().isEmpty()) {
                    histogram.dataPoint(HistogramSnapshot.HistogramDataPointSnapshot.builder()
                            .labels(Labels.of(
                                    "lock", lock.name(), "context", level.name().toLowerCase(Locale.ROOT)))
                            .classicHistogramBuckets(buckets(attempts))
                            .sum(attempts.totalWaitNanos() / NANOS_PER_SECOND)
                            .build());
                }
            });
        }
        return histogram.build();
    }

    private static ClassicHistogramBuckets buckets(StressReport.Attempts attempts) {
        long[] counts = attempts.waitsBelow(BOUNDS_NANOS);
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int i = 0; i < BOUNDS_NANOS.length; i++) {
            buckets.bucket(BOUNDS_NANOS[i] / NANOS_PER_SECOND, counts[i]);
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, counts[BOUNDS_NANOS.length])
                .build();
    }
}
