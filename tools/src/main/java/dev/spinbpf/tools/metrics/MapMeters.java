package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.maps.map.MapResult;
import dev.spinbpf.maps.map.RingBufferMap;
import dev.spinbpf.programs.linux.MapFlags;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToLongFunction;

/** The meters of a machine's maps, global data left out. */
final class MapMeters {
    /** Most maps that are told apart; the rest is one more, {@code other}. */
    static final int MOST = 1000;

    private static final Labels OTHER = new Labels("other", "");

    private final Activity activity;
    private final Registries.Group meters;
    private final Map<Labels, Series> seriesByLabels = new LinkedHashMap<>();
    private final Set<BpfMap> known = new HashSet<>();
    private long dropped;

    /** The labels by which maps are told apart. */
    private record Labels(String map, String kind) {}

    MapMeters(Activity activity, Registries.Group meters) {
        this.activity = activity;
        this.meters = meters;
        meters.counter(Metric.LABELS_DROPPED, this, each -> each.dropped, "map");
    }

    void refresh() {
        for (BpfMap map : activity.maps().get()) {
            if (!map.def().isGlobalData() && known.add(map)) {
                series(map).add(map);
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

    /** Maps with the same labels: the inner maps of a map of maps, and those of objects that are loaded twice. */
    private final class Series {
        private final Labels labels;
        private final List<BpfMap> maps = new ArrayList<>();
        private final List<RingBufferMap> rings = new ArrayList<>();
        private final boolean[] registered = new boolean[MapOperation.values().length * MapResult.values().length];

        Series(Labels labels) {
            this.labels = labels;
        }

        void add(BpfMap map) {
            if (maps.isEmpty()) {
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
                if (rings.isEmpty()) {
                    registerRing();
                }
                rings.add(ring);
            }
        }

        private void registerRing() {
            meters.counter(Metric.RINGBUF_RECORDS, this, each -> each.rings(RingBufferMap::reserved), labels.map);
            dropped("full", RingBufferMap::droppedFull);
            dropped("too_large", RingBufferMap::droppedTooLarge);
            dropped("lock", RingBufferMap::droppedNotLocked);
            query(Metric.RINGBUF_USED, MapFlags.BPF_RB_AVAIL_DATA);
            query(Metric.RINGBUF_SIZE, MapFlags.BPF_RB_RING_SIZE);
        }

        private void dropped(String reason, ToLongFunction<RingBufferMap> count) {
            meters.counter(Metric.RINGBUF_DROPPED, this, each -> each.rings(count), labels.map, reason);
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
                    int index = operation.ordinal() * MapResult.values().length + result.ordinal();
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
            return sum(map -> map.stats().count(operation, result));
        }
    }
}
