package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockIdentity;
import dev.spinbpf.maps.lock.LockKind;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The meters of a machine's locks. */
final class LockMeters implements AutoCloseable {
    /** Most locks, or members of maps, that are told apart; the rest is one more, {@code other}. */
    static final int MOST = 1000;

    private static final LockSeries.Labels OTHER = new LockSeries.Labels("other", LockKind.OTHER.word(), "");

    private final Activity activity;
    private final Registries.Group meters;
    private final LockFailures failures = new LockFailures();
    private final Map<LockSeries.Labels, LockSeries> seriesByLabels = new LinkedHashMap<>();
    private final IdentityHashMap<LockClass, LockSeries> seriesByLock = new IdentityHashMap<>();
    private final IdentityHashMap<LockClass, LockIdentity> identities = new IdentityHashMap<>();
    private final Map<LockSeries.Labels, String[]> infos = new HashMap<>();
    private long dropped;

    LockMeters(Activity activity, Registries.Group meters) {
        this.activity = activity;
        this.meters = meters;
        activity.locks().addListener(failures);
        meters.counter(Metric.LABELS_DROPPED, this, each -> each.dropped, "lock");
    }

    void refresh() {
        List<LockClass> locks = activity.locks().classes();
        for (LockClass lock : locks.subList(seriesByLock.size(), locks.size())) {
            LockSeries series = series(labels(lock));
            series.add(lock);
            seriesByLock.put(lock, series);
        }
        locks.forEach(this::describe);
        seriesByLabels.values().forEach(LockSeries::clearHeld);
        for (Cpu cpu : activity.cpus().all()) {
            cpu.heldLocks().forEachHeld((address, level, number) -> addHeld(level, number));
        }
        int cpus = activity.cpus().count();
        seriesByLabels.values().forEach(series -> series.refresh(meters, cpus, failures));
    }

    private void addHeld(ContextLevel level, int number) {
        LockClass lock = activity.locks().byNumber(number);
        LockSeries series = lock == null ? null : seriesByLock.get(lock);
        if (series != null) {
            series.addHeld(level);
        }
    }

    private static LockSeries.Labels labels(LockClass lock) {
        LockIdentity identity = lock.identity();
        return new LockSeries.Labels(
                Registries.label(identity.lock()), identity.kind().word(), Registries.label(identity.map()));
    }

    private LockSeries series(LockSeries.Labels labels) {
        LockSeries known = seriesByLabels.get(labels);
        if (known != null) {
            return known;
        }
        if (seriesByLabels.size() >= MOST) {
            dropped++;
            return seriesByLabels.computeIfAbsent(OTHER, LockSeries::new);
        }
        LockSeries made = new LockSeries(labels);
        seriesByLabels.put(labels, made);
        return made;
    }

    /** Shows the lock that came last with its labels, where it is a new one or its object was loaded again. */
    private void describe(LockClass lock) {
        LockIdentity identity = lock.identity();
        if (identity.equals(identities.put(lock, identity))) {
            return;
        }
        LockSeries.Labels labels = labels(lock);
        if (!seriesByLabels.containsKey(labels)) {
            return;
        }
        boolean single = identity.address() != 0 && identity.kind() != LockKind.MAP_VALUE;
        String id = single ? "0x" + Long.toHexString(identity.address()) : "map " + identity.mapId();
        String object = fileName(activity.objectOfMap().apply(identity.mapId()));
        String[] shown = {labels.lock(), labels.kind(), labels.map(), id, object, lock.site()};
        String[] before = infos.put(labels, shown);
        if (before != null) {
            meters.removeInfo(Metric.LOCK_INFO, before);
        }
        meters.info(Metric.LOCK_INFO, shown);
    }

    /** Stops to listen to failures. */
    @Override
    public void close() {
        activity.locks().removeListener(failures);
    }

    /** Returns a path without its directories. */
    static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
