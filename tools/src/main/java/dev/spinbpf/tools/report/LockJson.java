package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.ContextLevel;
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
        json.writeArrayFieldStart("locks");
        for (LockRow row : rows) {
            json.writeStartObject();
            json.writeStringField("name", row.name());
            json.writeBooleanField("internal", row.internal());
            json.writeArrayFieldStart("contexts");
            for (Map.Entry<ContextLevel, LockAttempts> entry : row.contexts().entrySet()) {
                json.writeStartObject();
                json.writeStringField("context", StressText.level(entry.getKey()));
                attempts(json, entry.getValue());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("per_cpu");
            for (LockRow.CpuRow own : row.perCpu()) {
                json.writeStartObject();
                json.writeNumberField("cpu", own.cpu());
                json.writeStringField("context", StressText.level(own.level()));
                attempts(json, own.attempts());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
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
        json.writeArrayFieldStart(name + "s");
        for (TimeSnapshot.Bucket bucket : times.buckets()) {
            json.writeStartObject();
            json.writeNumberField("below_ns", bucket.upperBoundNanos());
            json.writeNumberField("count", bucket.count());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
