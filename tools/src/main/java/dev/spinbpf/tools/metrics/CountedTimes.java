package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.TimeHistogram;
import io.micrometer.core.instrument.Meter;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The exposition of the {@link CountedTimer}s of one name: classic histograms, and native ones for scrapers that ask for
 * protobuf.
 */
final class CountedTimes implements Collector {
    private static final double NANOS_PER_SECOND = 1e9;

    private final String name;
    private final String help;
    private final Map<Meter.Id, Child> children = new LinkedHashMap<>();

    /** A timer and the labels that it is exposed with. */
    private record Child(CountedTimer timer, Labels labels, long createdMillis) {}

    CountedTimes(String name, String help) {
        this.name = name;
        this.help = help;
    }

    synchronized void add(CountedTimer timer, Labels labels, long createdMillis) {
        children.put(timer.getId(), new Child(timer, labels, createdMillis));
    }

    /** Takes a timer out. Returns true where none is left. */
    synchronized boolean remove(Meter.Id id) {
        children.remove(id);
        return children.isEmpty();
    }

    @Override
    public synchronized MetricSnapshot collect() {
        HistogramSnapshot.Builder histogram =
                HistogramSnapshot.builder().name(name).help(help);
        children.values().forEach(child -> histogram.dataPoint(dataPoint(child)));
        return histogram.build();
    }

    private static HistogramSnapshot.HistogramDataPointSnapshot dataPoint(Child child) {
        TimeHistogram times = child.timer.times();
        NativeHistogramBuckets.Builder natives = NativeHistogramBuckets.builder();
        times.forEachNativeBucket(natives::bucket);
        var builder = HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(classic(times))
                .nativeSchema(TimeHistogram.NATIVE_SCHEMA)
                .nativeZeroCount(times.zeroCount())
                .nativeBucketsForPositiveValues(natives.build())
                .labels(child.labels);
        builder.sum(times.totalNanos() / NANOS_PER_SECOND);
        builder.createdTimestampMillis(child.createdMillis);
        return builder.build();
    }

    private static ClassicHistogramBuckets classic(TimeHistogram times) {
        long[] bounds = TimeHistogram.classicBounds();
        long[] counts = times.upTo(bounds);
        ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
        for (int i = 0; i < bounds.length; i++) {
            buckets.bucket(bounds[i] / NANOS_PER_SECOND, counts[i]);
        }
        return buckets.bucket(Double.POSITIVE_INFINITY, counts[bounds.length]).build();
    }
}
