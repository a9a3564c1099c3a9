package dev.spinbpf.tools.serve.api;

import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.engine.Change;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.tools.serve.engine.FailureLog;
import dev.spinbpf.tools.serve.http.EventFeed;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what happens to the clients that listen: changes at once, lock failures ten times a second. Of failures each
 * time the newest few are sent, and how many there were; so a machine whose locks fail a hundred thousand times a second
 * does not send as many events.
 */
public final class EventPump implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("serve");
    private static final long EVERY_MILLIS = 100;
    private static final int MOST_FAILURES = 5;

    private final Engine engine;
    private final EventFeed feed = new EventFeed();
    private final ReportLog reports = new ReportLog();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("spinbpf-events").factory());
    private long seen;
    private EngineRun.Phase phase = EngineRun.Phase.READY;

    /** Begins to send. */
    public EventPump(Engine engine) {
        this.engine = engine;
        engine.addListener(this::changed);
        clock.scheduleWithFixedDelay(this::tick, EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS);
    }

    EventFeed feed() {
        return feed;
    }

    ReportLog reports() {
        return reports;
    }

    private void tick() {
        try {
            reports.collect(engine.objects());
            failures();
            EngineRun.Phase now = engine.run().phase();
            if (now != phase) {
                phase = now;
                feed.publish("workload", WorkloadView.of(engine.run()));
            }
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("events were lost");
        }
    }

    private void failures() {
        long count = engine.failures().count();
        if (count == seen) {
            return;
        }
        List<FailureLog.Entry> newest = engine.failures().newest(seen, MOST_FAILURES);
        if (!feed.isEmpty()) {
            newest.reversed()
                    .forEach(entry -> feed.publish(
                            "failure", LockView.failure(engine.run().machine(), entry)));
            feed.publish("failures", "{\"count\":" + count + ",\"new\":" + (count - seen) + "}");
        }
        seen = count;
    }

    private void changed(Change change) {
        switch (change) {
            case Change.Uploaded uploaded -> feed.publish("object", ProgramView.object(uploaded.object()));
            case Change.Removed removed ->
                feed.publish("removed", object(removed.object()).end('}').text());
            case Change.Stored stored -> feed.publish("file", FileView.file(stored.file()));
            case Change.Discarded discarded ->
                feed.publish(
                        "removed",
                        new JsonText(false, false)
                                .begin('{')
                                .name("file")
                                .string(discarded.file())
                                .end('}')
                                .text());
            case Change.Moved moved -> feed.publish("program", ProgramView.program(moved.program()));
            case Change.Updated updated -> map(updated.object(), updated.map(), updated.key());
            case Change.Deleted deleted -> map(deleted.object(), deleted.map(), deleted.key());
            case Change.Replaced _ -> {
                feed.publish("objects", ProgramView.objects(engine.objects()));
                feed.publish("workload", WorkloadView.of(engine.run()));
            }
            case Change.Workload _ -> {
                // The clock sends it, with the state that it has come to.
            }
        }
    }

    private void map(String object, String map, byte[] key) {
        JsonText json = object(object).name("map").string(map);
        json.name("key").string(HexFormat.of().formatHex(key));
        feed.publish("map", json.end('}').text());
    }

    private static JsonText object(String name) {
        return new JsonText(false, false).begin('{').name("object").string(name);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
