package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockEnd;
import dev.spinbpf.maps.lock.LockFailure;
import dev.spinbpf.maps.lock.LockPath;
import io.micrometer.core.instrument.Counter;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The meters of one lock, or of those that have the same labels: all elements' locks of a map's member, and same-named
 * locks of several objects. Sums of their counters are taken before each exposition; between two of them meters show
 * what was summed last, so that no count is seen half-way.
 */
final class LockSeries {
    private static final ContextLevel[] LEVELS = ContextLevel.values();
    private static final LockEnd[] ENDS = LockEnd.values();

    private final Labels labels;
    private final List<LockClass> locks = new ArrayList<>();
    private final Map<ContextLevel, Level> levels = new EnumMap<>(ContextLevel.class);

    /** The labels by which locks are told apart. */
    record Labels(String lock, String kind, String map) {}

    LockSeries(Labels labels) {
        this.labels = labels;
        for (ContextLevel level : LEVELS) {
            levels.put(level, new Level(level));
        }
    }

    void add(LockClass lock) {
        locks.add(lock);
    }

    private Level level(ContextLevel level) {
        return Objects.requireNonNull(levels.get(level));
    }

    /** Sums up, and registers meters of what has come up for the first time. */
    void refresh(Registries.Group meters, int cpus, LockFailures failures) {
        for (ContextLevel level : LEVELS) {
            level(level).refresh(meters, cpus, failures);
        }
    }

    /** Begins to count locks that are held now. */
    void clearHeld() {
        levels.values().forEach(Level::clearHeld);
    }

    void addHeld(ContextLevel level) {
        level(level).addHeld();
    }

    /** One context's. */
    private final class Level {
        private final ContextLevel level;
        private final LockAttempts attempts = new LockAttempts();
        private final Map<LockEnd, List<Counter>> failed = new EnumMap<>(LockEnd.class);
        private volatile long[] shown = new long[ENDS.length];
        private volatile long shownHeld;
        private long held;
        private boolean hasAttempts;
        private boolean hasWaits;
        private boolean hasHolds;

        Level(ContextLevel level) {
            this.level = level;
        }

        void refresh(Registries.Group meters, int cpus, LockFailures failures) {
            attempts.clear();
            for (LockClass lock : locks) {
                for (int cpu = 0; cpu < cpus; cpu++) {
                    attempts.add(lock, cpu, level);
                }
            }
            long[] counts = new long[ENDS.length];
            for (LockEnd end : ENDS) {
                counts[end.ordinal()] = attempts.count(end);
            }
            shown = counts;
            shownHeld = held;
            register(meters);
            if (hasAttempts) {
                feed(meters, failures);
            }
        }

        void clearHeld() {
            held = 0;
        }

        void addHeld() {
            held++;
        }

        private long shownHeld() {
            return shownHeld;
        }

        private void register(Registries.Group meters) {
            if (!hasAttempts && attempts.total() > 0) {
                hasAttempts = true;
                registerCounts(meters);
            }
            if (!hasWaits && !attempts.waits().isEmpty()) {
                hasWaits = true;
                meters.timer(Metric.LOCK_WAIT, attempts.waits(), labels.lock, labels.kind, labels.map, level.word());
            }
            if (!hasHolds && !attempts.holds().isEmpty()) {
                hasHolds = true;
                meters.timer(Metric.LOCK_HELD, attempts.holds(), labels.lock, labels.kind, labels.map, level.word());
            }
        }

        private void registerCounts(Registries.Group meters) {
            meters.gauge(Metric.LOCKS_HELD, this, Level::shownHeld, labels.lock, labels.kind, labels.map, level.word());
            for (LockEnd end : ENDS) {
                if (end.outcome().isAcquired()) {
                    meters.counter(Metric.LOCK_ACQUISITIONS, this, each -> each.shown[end.ordinal()], labelValues(end));
                } else if (end.path() != LockPath.SPIN) {
                    failed.put(end, meters.fedCounters(Metric.LOCK_ACQUISITIONS, labelValues(end)));
                }
            }
        }

        private String[] labelValues(LockEnd end) {
            return new String[] {
                labels.lock,
                labels.kind,
                labels.map,
                level.word(),
                end.outcome().resultWord(),
                end.path().word()
            };
        }

        /** Gives the counters of failures what was counted since, with the last failure as the exemplar. */
        private void feed(Registries.Group meters, LockFailures failures) {
            for (LockEnd end : ENDS) {
                long count = shown[end.ordinal()];
                if (count > 0 && end.path() == LockPath.SPIN) {
                    failed.computeIfAbsent(end, key -> meters.fedCounters(Metric.LOCK_ACQUISITIONS, labelValues(key)));
                }
                List<Counter> counters = failed.getOrDefault(end, List.of());
                if (counters.stream().allMatch(counter -> counter.count() >= count)) {
                    continue;
                }
                Runnable feeding = () -> counters.forEach(counter -> counter.increment(count - counter.count()));
                LockFailure last = failures.last(locks, level, end);
                if (last == null) {
                    feeding.run();
                } else {
                    FailureContext.run(last, feeding);
                }
            }
        }
    }
}
