package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.lock.TimeHistogram;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import io.micrometer.core.instrument.distribution.pause.PauseDetector;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Micrometer's registry for Prometheus, with one kind of timer more: {@link CountedTimer}, which shows times that were
 * counted elsewhere. Micrometer's own timer has to be given each time, and knows no native histograms.
 */
final class ExpositionRegistry extends PrometheusMeterRegistry {
    private final Map<Meter.Id, TimeHistogram> sources = new ConcurrentHashMap<>();
    private final Map<String, CountedTimes> families = new ConcurrentHashMap<>();

    ExpositionRegistry() {
        super(PrometheusConfig.DEFAULT, new PrometheusRegistry(), Clock.SYSTEM, new FailureContext());
        config().onMeterRemoved(this::removed);
    }

    /** Registers a timer that shows these times. */
    Timer countedTimer(Timer.Builder builder, Meter.Id id, TimeHistogram times) {
        sources.put(id, times);
        return builder.register(this);
    }

    @Override
    protected Timer newTimer(Meter.Id id, DistributionStatisticConfig statistics, PauseDetector pauseDetector) {
        TimeHistogram times = sources.remove(id);
        if (times == null) {
            return super.newTimer(id, statistics, pauseDetector);
        }
        CountedTimer timer = new CountedTimer(id, clock, pauseDetector, getBaseTimeUnit(), times);
        List<Tag> tags = getConventionTags(id);
        Labels labels = Labels.of(
                tags.stream().map(Tag::getKey).toList(),
                tags.stream().map(Tag::getValue).toList());
        families.computeIfAbsent(getConventionName(id), name -> family(name, id))
                .add(timer, labels, clock.wallTime());
        return timer;
    }

    private CountedTimes family(String name, Meter.Id id) {
        CountedTimes family = new CountedTimes(name, Objects.requireNonNullElse(id.getDescription(), ""));
        getPrometheusRegistry().register(family);
        return family;
    }

    private void removed(Meter meter) {
        String name = getConventionName(meter.getId());
        CountedTimes family = families.get(name);
        if (family != null && family.remove(meter.getId())) {
            families.remove(name);
            getPrometheusRegistry().unregister(family);
        }
    }
}
