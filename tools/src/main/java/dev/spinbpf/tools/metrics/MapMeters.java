package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.maps.map.MapResult;
import dev.spinbpf.maps.map.RingBufferMap;
import dev.spinbpf.programs.linux.MapFlags;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** The meters of a machine's maps, global data left out. */
final class MapMeters {
    /** Most maps that are told apart; the rest is one more, {@code other}. */
    static final int MOST = 1000;

    private static final int OPERATIONS = MapOperation.values().length;
    private static final int RESULTS = MapResult.values().length;

    /** Counts of a ring buffer: records, then those that it dropped, by reason. */
    private static final List<ToLongFunction<RingBufferMap>> RING_COUNTS = List.of(
            RingBufferMap::reserved,
            RingBufferMap::droppedFull,
            RingBufferMap::droppedTooLarge,
            RingBufferMap::droppedNotLocked);

    private static final List<String> DROP_REASONS = List.of("full", "too_large", "lock");
    private static final Labels OTHER = new Labels("other", "");

    private final Activity activity;
    private final Registries.Group meters;
    private final Map<Labels, Series> seriesByLabels = new LinkedHashMap<>();
    private final IdentityHashMap<BpfMap, Series> known = new IdentityHashMap<>();
    private long dropped;

    /** The labels by which maps are told apart. */
    private record Labels(String map, String kind) {}

    MapMeters(Activity activity, Registries.Group meters) {
        this.activity = activity;
        this.meters = meters;
        meters.counter(Metric.LABELS_DROPPED, this, each -> each.dropped, "map");
    }

    void refresh() {
        Set<BpfMap> present = Collections.newSetFromMap(new IdentityHashMap<>());
        present.addAll(activity.maps().get());
        known.entrySet().removeIf(entry -> {
            boolean isGone = !present.contains(entry.getKey());
            if (isGone) {
                entry.getValue().retire(entry.getKey());
            }
            return isGone;
        });
        for (BpfMap map : present) {
            if (!map.def().isGlobalData() && !known.containsKey(map)) {
                Series series = series(map);
                series.add(map);
                known.put(map, series);
            }
        }
        seriesByLabels.values().forEach(Series::register);
    }

    private Series series(BpfMap map) {
        Labels labels = new Labels(Registries.label(map.name()), map.type().display());
        Series series = seriesByLabels.get(labels);
        if (series == null && seriesByLabels.size() >= MOST) {
            dropped++;
            labels = OTHER;
        }
        return seriesByLabels.computeIfAbsent(labels, Series::new);
    }

    /**
     * Maps with the same labels: the inner maps of a map of maps, and those of objects that are loaded twice. What was
     * counted of maps that are gone stays.
     */
    private final class Series {
        private final Labels labels;
        private final List<BpfMap> maps = new ArrayList<>();
        private final List<RingBufferMap> rings = new ArrayList<>();
        private final boolean[] registered = new boolean[OPERATIONS * RESULTS];
        private final long[] countsOfGone = new long[OPERATIONS * RESULTS];
        private final long[] ringCountsOfGone = new long[RING_COUNTS.size()];
        private boolean isRegistered;
        private boolean isRingRegistered;

        Series(Labels labels) {
            this.labels = labels;
        }

        void add(BpfMap map) {
            if (!isRegistered) {
                isRegistered = true;
                gauge(Metric.MAP_MEMORY, BpfMap::memoryBytes);
                if (!(map instanceof RingBufferMap)) {
                    gauge(Metric.MAP_CAPACITY, BpfMap::maxEntries);
                }
                if (map.entryCount() >= 0) {
                    gauge(Metric.MAP_ENTRIES, BpfMap::entryCount);
                }
            }
            maps.add(map);
            if (map instanceof RingBufferMap ring) {
                if (!isRingRegistered) {
                    isRingRegistered = true;
                    registerRing();
                }
                rings.add(ring);
            }
        }

        void retire(BpfMap map) {
            maps.remove(map);
            for (MapOperation operation : MapOperation.values()) {
                for (MapResult result : MapResult.values()) {
                    countsOfGone[index(operation, result)] += map.stats().count(operation, result);
                }
            }
            if (map instanceof RingBufferMap ring) {
                rings.remove(ring);
                for (int i = 0; i < ringCountsOfGone.length; i++) {
                    ringCountsOfGone[i] += RING_COUNTS.get(i).applyAsLong(ring);
                }
            }
        }

        private static int index(MapOperation operation, MapResult result) {
            return operation.ordinal() * RESULTS + result.ordinal();
        }

        private void registerRing() {
            meters.counter(Metric.RINGBUF_RECORDS, this, each -> each.ringCount(0), labels.map);
            for (int i = 1; i <= DROP_REASONS.size(); i++) {
                int number = i;
                meters.counter(
                        Metric.RINGBUF_DROPPED,
                        this,
                        each -> each.ringCount(number),
                        labels.map,
                        DROP_REASONS.get(i - 1));
            }
            query(Metric.RINGBUF_USED, MapFlags.BPF_RB_AVAIL_DATA);
            query(Metric.RINGBUF_SIZE, MapFlags.BPF_RB_RING_SIZE);
        }

        private double ringCount(int number) {
            return ringCountsOfGone[number] + rings(RING_COUNTS.get(number));
        }

        private void query(Metric metric, long question) {
            meters.gauge(metric, this, each -> each.rings(ring -> ring.query(question)), labels.map);
        }

        private double rings(ToLongFunction<RingBufferMap> what) {
            return rings.stream().mapToLong(what).sum();
        }

        private double sum(ToLongFunction<BpfMap> what) {
            return maps.stream().mapToLong(what).sum();
        }

        private void gauge(Metric metric, ToLongFunction<BpfMap> what) {
            meters.gauge(metric, this, each -> each.sum(what), labels.map, labels.kind);
        }

        void register() {
            for (MapOperation operation : MapOperation.values()) {
                for (MapResult result : MapResult.values()) {
                    int index = index(operation, result);
                    if (!registered[index] && count(operation, result) > 0) {
                        registered[index] = true;
                        meters.counter(
                                Metric.MAP_OPERATIONS,
                                this,
                                each -> each.count(operation, result),
                                labels.map,
                                labels.kind,
                                operation.word(),
                                result.word());
                    }
                }
            }
        }

        private double count(MapOperation operation, MapResult result) {
            return countsOfGone[index(operation, result)]
                    + sum(map -> map.stats().count(operation, result));
        }
    }
}
