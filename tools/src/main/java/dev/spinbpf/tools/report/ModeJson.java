package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ModeReport;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;

/** {@code spinbpf stress --mode MODE --json}. */
public final class ModeJson {
    private ModeJson() {}

    /** The report. */
    public static String of(ModeReport report) {
        return Json.document(json -> {
            json.writeStartObject();
            options(json, report.options());
            json.writeNumberField("elapsed_ns", report.elapsedNanos());
            json.writeNumberField("processors", report.realProcessors());
            json.writeObjectFieldStart("interrupts");
            for (Map.Entry<ContextLevel, Long> entry : report.interrupts().entrySet()) {
                json.writeNumberField(StressText.level(entry.getKey()), entry.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("rows");
            for (ModeReport.Row row : report.rows()) {
                row(json, row);
            }
            json.writeEndArray();
            LockJson.write(json, report.locks());
            json.writeNumberField("violations", report.violations());
            json.writeArrayFieldStart("first_violations");
            for (String violation : report.firstViolations()) {
                json.writeString(violation);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("stuck_cpus");
            for (String stuck : report.stuck()) {
                json.writeString(stuck);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void options(JsonGenerator json, ModeOptions options) throws IOException {
        json.writeStringField("mode", options.mode().name().toLowerCase(Locale.ROOT));
        json.writeStringField("lock", options.algorithm().name().toLowerCase(Locale.ROOT));
        json.writeNumberField("cpus", options.cpus());
        json.writeNumberField("normal_delay_ns", options.normalDelay().toNanos());
        json.writeNumberField("nmi_delay_ns", options.nmiDelay().toNanos());
        json.writeNumberField("seed", options.seed());
    }

    private static void row(JsonGenerator json, ModeReport.Row row) throws IOException {
        json.writeStartObject();
        json.writeNumberField("cpu", row.cpu());
        json.writeStringField("context", StressText.level(row.level()));
        json.writeStringField("takes", row.lock());
        json.writeNumberField("attempts", row.attempts());
        json.writeNumberField("successes", row.acquired());
        json.writeNumberField("failures", row.deadlocks() + row.timeouts());
        json.writeNumberField("edeadlk", row.deadlocks());
        json.writeNumberField("etimedout", row.timeouts());
        LockJson.times(json, "latency", row.latency());
        json.writeEndObject();
    }
}
