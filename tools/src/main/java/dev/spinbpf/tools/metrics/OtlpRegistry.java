package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.TimeHistogram;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.util.NamedThreadFactory;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Micrometer's registry for OTLP, which pushes all meters every so often, and at last when it is closed.
 *
 * <p>Its timers have to be given each time (a timer of our own, as for Prometheus, cannot be pushed as a cumulative
 * histogram: the type that the registry wants of it is not public). So before each push the times since the last one are
 * made up from the buckets that they were counted in, so that the numbers of times in all buckets and the sum are exact.
 * That costs some 50 ns a time, on the thread that pushes.
 */
final class OtlpRegistry extends OtlpMeterRegistry {
    private static final Duration[] BOUNDS = bounds();

    /** Null until the constructor ends, which a push may not wait for. */
    private volatile @Nullable Runnable refresh;

    private final Map<Meter.Id, Replay> replays = new ConcurrentHashMap<>();

    /** A timer, the times that it is to show, and those that it was given. */
    private record Replay(Timer timer, TimeHistogram times, TimeHistogram given) {
        void catchUp() {
            times.forEachSince(given.copy(), nanos -> {
                given.add(nanos);
                timer.record(nanos, TimeUnit.NANOSECONDS);
            });
        }
    }

    /**
     * Begins to push.
     *
     * @param endpoint URL of the receiver, with path
     * @param every time between two pushes
     * @param refresh called before each push; brings the meters up to date and calls {@link #catchUp}
     */
    OtlpRegistry(String endpoint, Duration every, Runnable refresh) {
        super(configuration(endpoint, every), Clock.SYSTEM, new NamedThreadFactory("spinbpf-otlp"));
        this.refresh = refresh;
        config().onMeterRemoved(meter -> replays.remove(meter.getId()));
    }

    private static OtlpConfig configuration(String endpoint, Duration every) {
        return new OtlpConfig() {
            @Override
            public @Nullable String get(String key) {
                return null;
            }

            @Override
            public String url() {
                return endpoint;
            }

            @Override
            public Duration step() {
                return every;
            }

            @Override
            public TimeUnit baseTimeUnit() {
                return TimeUnit.SECONDS;
            }

            @Override
            public boolean publishMaxGaugeForHistograms() {
                return false;
            }

            @Override
            public Map<String, String> resourceAttributes() {
                return Map.of("service.name", "spinbpf");
            }
        };
    }

    private static Duration[] bounds() {
        long[] nanos = TimeHistogram.classicBounds();
        Duration[] bounds = new Duration[nanos.length];
        for (int i = 0; i < nanos.length; i++) {
            bounds[i] = Duration.ofNanos(nanos[i]);
        }
        return bounds;
    }

    /** Registers a timer that shows these times. */
    Timer countedTimer(Timer.Builder builder, TimeHistogram times) {
        Timer timer = builder.serviceLevelObjectives(BOUNDS).register(this);
        replays.put(timer.getId(), new Replay(timer, times, new TimeHistogram()));
        return timer;
    }

    /** Gives timers the times that were counted since; for the thread that refreshes the times. */
    void catchUp() {
        replays.values().forEach(Replay::catchUp);
    }

    @Override
    protected void publish() {
        Runnable work = refresh;
        if (work != null) {
            work.run();
        }
        super.publish();
    }
}
