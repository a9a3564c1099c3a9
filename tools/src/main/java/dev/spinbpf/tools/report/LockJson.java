package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeHistogram;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The lock statistics as JSON. */
final class LockJson {
    private LockJson() {}

    /** Writes the field {@code locks}. */
    static void write(JsonGenerator json, List<LockRow> rows) throws IOException {
        Json.objects(json, "locks", rows, row -> {
            json.writeStringField("name", row.name());
            json.writeStringField("lock", row.identity().lock());
            json.writeStringField("kind", row.identity().kind().word());
            json.writeStringField("map", row.identity().map());
            json.writeBooleanField("internal", row.internal());
            Json.objects(json, "contexts", row.contexts().entrySet(), entry -> {
                json.writeStringField("context", entry.getKey().word());
                attempts(json, entry.getValue());
            });
            Json.objects(json, "per_cpu", row.perCpu(), own -> {
                json.writeNumberField("cpu", own.cpu());
                json.writeStringField("context", own.level().word());
                attempts(json, own.attempts());
            });
        });
    }

    private static void attempts(JsonGenerator json, LockAttempts attempts) throws IOException {
        json.writeNumberField("attempts", attempts.total());
        for (LockResult result : LockResult.values()) {
            json.writeNumberField(result.word(), result.in(attempts));
        }
        paths(json, attempts);
        json.writeNumberField("deepest_nesting", attempts.deepestNesting());
        times(json, "wait", attempts.waits());
        if (!attempts.holds().isEmpty()) {
            times(json, "held", attempts.holds());
        }
    }

    /** Writes the field {@code paths}: how many attempts ended in which way. */
    private static void paths(JsonGenerator json, LockAttempts attempts) throws IOException {
        json.writeObjectFieldStart("paths");
        for (LockOutcome outcome : LockOutcome.values()) {
            if (attempts.count(outcome) > 0) {
                json.writeNumberField(outcome.name().toLowerCase(Locale.ROOT), attempts.count(outcome));
            }
        }
        json.writeEndObject();
    }

    /** Writes a histogram as fields that begin with a name. */
    static void times(JsonGenerator json, String name, TimeHistogram times) throws IOException {
        json.writeNumberField(name + "_total_ns", times.totalNanos());
        json.writeNumberField(name + "_max_ns", times.maxNanos());
        json.writeNumberField(name + "_p50_ns", times.p50Nanos());
        json.writeNumberField(name + "_p99_ns", times.p99Nanos());
        List<long[]> buckets = new ArrayList<>();
        times.forEachBucket((bound, count) -> buckets.add(new long[] {bound, count}));
        Json.objects(json, name + "s", buckets, bucket -> {
            json.writeNumberField("up_to_ns", bucket[0]);
            json.writeNumberField("count", bucket[1]);
        });
    }
}
