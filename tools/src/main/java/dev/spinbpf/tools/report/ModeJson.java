package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ModeReport;
import java.io.IOException;
import java.util.Locale;

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
            StressJson.interrupts(json, report.interrupts());
            Json.objects(json, "rows", report.rows(), row -> row(json, row));
            LockJson.write(json, report.locks());
            json.writeNumberField("violations", report.violations());
            Json.strings(json, "first_violations", report.firstViolations());
            Json.strings(json, "stuck_cpus", report.stuck());
            json.writeEndObject();
        });
    }

    private static void options(JsonGenerator json, ModeOptions options) throws IOException {
        json.writeStringField("mode", options.mode().name().toLowerCase(Locale.ROOT));
        json.writeStringField("lock", options.algorithm().toString());
        json.writeNumberField("cpus", options.cpus());
        json.writeNumberField("normal_delay_ns", options.normalDelay().toNanos());
        json.writeNumberField("nmi_delay_ns", options.nmiDelay().toNanos());
        json.writeNumberField("seed", options.seed());
    }

    private static void row(JsonGenerator json, ModeReport.Row row) throws IOException {
        json.writeNumberField("cpu", row.cpu());
        json.writeStringField("context", row.level().word());
        json.writeStringField("takes", row.lock());
        json.writeNumberField("attempts", row.attempts());
        json.writeNumberField("successes", row.acquired());
        json.writeNumberField("failures", row.deadlocks() + row.timeouts());
        json.writeNumberField("edeadlk", row.deadlocks());
        json.writeNumberField("etimedout", row.timeouts());
        LockJson.times(json, "latency", row.latency());
    }
}
