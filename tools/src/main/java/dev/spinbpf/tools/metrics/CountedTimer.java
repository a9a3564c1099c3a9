package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.TimeHistogram;
import io.micrometer.core.instrument.AbstractTimer;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.core.instrument.distribution.NoopHistogram;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.core.instrument.util.TimeUtils;
import java.util.concurrent.TimeUnit;

/** A timer whose times somebody else has counted already, so that none can be recorded. */
final class CountedTimer extends AbstractTimer {
    private final TimeHistogram times;

    CountedTimer(Meter.Id id, Clock clock, PauseDetector pauseDetector, TimeUnit baseTimeUnit, TimeHistogram times) {
        super(id, clock, pauseDetector, baseTimeUnit, NoopHistogram.INSTANCE);
        this.times = times;
    }

    /** Returns the times. */
    TimeHistogram times() {
        return times;
    }

    @Override
    protected void recordNonNegative(long amount, TimeUnit unit) {
        throw new UnsupportedOperationException(getId() + " shows times that are counted elsewhere");
    }

    @Override
    public long count() {
        return times.count();
    }

    @Override
    public double totalTime(TimeUnit unit) {
        return TimeUtils.nanosToUnit((double) times.totalNanos(), unit);
    }

    @Override
    public double max(TimeUnit unit) {
        return TimeUtils.nanosToUnit((double) times.maxNanos(), unit);
    }

    @Override
    public HistogramSnapshot takeSnapshot() {
        long[] bounds = TimeHistogram.classicBounds();
        long[] counts = times.upTo(bounds);
        CountAtBucket[] buckets = new CountAtBucket[bounds.length];
        double below = 0;
        for (int i = 0; i < bounds.length; i++) {
            below += counts[i];
            buckets[i] = new CountAtBucket((double) bounds[i], below);
        }
        return new HistogramSnapshot(times.count(), times.totalNanos(), times.maxNanos(), null, buckets, null);
    }
}
