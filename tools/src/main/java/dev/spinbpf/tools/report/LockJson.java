package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeSnapshot;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The lock statistics as JSON. */
final class LockJson {
    private LockJson() {}

    /** Writes the field {@code locks}. */
    static void write(JsonGenerator json, List<LockRow> rows) throws IOException {
        Json.objects(json, "locks", rows, row -> {
            json.writeStringField("name", row.name());
            json.writeBooleanField("internal", row.internal());
            Json.objects(json, "contexts", row.contexts().entrySet(), entry -> {
                json.writeStringField("context", StressText.level(entry.getKey()));
                attempts(json, entry.getValue());
            });
            Json.objects(json, "per_cpu", row.perCpu(), own -> {
                json.writeNumberField("cpu", own.cpu());
                json.writeStringField("context", StressText.level(own.level()));
                attempts(json, own.attempts());
            });
        });
    }

    private static void attempts(JsonGenerator json, LockAttempts attempts) throws IOException {
        json.writeNumberField("attempts", attempts.total());
        for (LockResult result : LockResult.values()) {
            json.writeNumberField(result.word(), result.in(attempts));
        }
        paths(json, attempts.outcomes());
        json.writeNumberField("deepest_nesting", attempts.deepestNesting());
        times(json, "wait", attempts.waits());
        if (!attempts.holds().isEmpty()) {
            times(json, "held", attempts.holds());
        }
    }

    /** Writes the field {@code paths}: how many attempts ended in which way. */
    static void paths(JsonGenerator json, Map<LockOutcome, Long> outcomes) throws IOException {
        json.writeObjectFieldStart("paths");
        for (Map.Entry<LockOutcome, Long> outcome : outcomes.entrySet()) {
            json.writeNumberField(outcome.getKey().name().toLowerCase(Locale.ROOT), outcome.getValue());
        }
        json.writeEndObject();
    }

    /** Writes a histogram as fields that begin with a name. */
    static void times(JsonGenerator json, String name, TimeSnapshot times) throws IOException {
        json.writeNumberField(name + "_total_ns", times.totalNanos());
        json.writeNumberField(name + "_max_ns", times.maxNanos());
        json.writeNumberField(name + "_p50_ns", times.p50Nanos());
        json.writeNumberField(name + "_p99_ns", times.p99Nanos());
        Json.objects(json, name + "s", times.buckets(), bucket -> {
            json.writeNumberField("below_ns", bucket.upperBoundNanos());
            json.writeNumberField("count", bucket.count());
        });
    }
}
