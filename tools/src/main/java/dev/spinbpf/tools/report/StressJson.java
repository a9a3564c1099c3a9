package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.StressReport;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code spinbpf stress --json}. */
public final class StressJson {
    private StressJson() {}

    /**
     * Returns the report as JSON; the parameters besides are those of {@link StressText#of}.
     *
     * @param attachments where programs are attached, and how
     * @param maps those of each object, by its name
     * @param coverage which instructions were executed; null where that is not wanted
     */
    public static String of(
            String fileName,
            StressReport report,
            List<StressText.NotAttached> notAttached,
            List<Attachment> attachments,
            Map<String, ShownMaps> maps,
            @Nullable Coverage coverage) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", fileName);
            json.writeNumberField("elapsed_ns", report.elapsedNanos());
            json.writeNumberField("cpus", report.cpus());
            json.writeNumberField("processors", report.realProcessors());
            json.writeNumberField("seed", report.seed());
            interrupts(json, report.interrupts());
            Json.objects(json, "programs", report.programs(), program -> program(json, program));
            Json.objects(json, "attachments", attachments, how -> attachment(json, how, report.cpus()));
            Json.objects(json, "events", report.events(), row -> event(json, row));
            DeferredTables.write(json, report.deferred());
            Json.objects(json, "not_attached", notAttached, program -> {
                json.writeStringField("name", program.name());
                json.writeStringField("section", program.section());
                json.writeBooleanField("refused", program.refused());
                json.writeStringField("reason", program.reason());
                json.writeStringField("explanation", program.explanation());
            });
            LockJson.write(json, report.locks());
            Json.objects(json, "outputs", report.outputs(), output -> {
                json.writeStringField("program", output.program());
                json.writeStringField("stdout", output.out());
                json.writeNumberField("stdout_dropped", output.outDropped());
                json.writeStringField("stderr", output.err());
                json.writeNumberField("stderr_dropped", output.errDropped());
            });
            Json.objects(json, "faults", report.faults(), fault -> {
                json.writeStringField("program", fault.program());
                json.writeNumberField("insn", fault.insn());
                json.writeStringField("reason", fault.reason());
                json.writeStringField("report", fault.describe());
            });
            Json.strings(json, "stuck_cpus", report.stuckCpus());
            Json.objects(json, "failures", report.failures(), row -> {
                json.writeStringField("map", row.map());
                json.writeStringField("operation", row.operation());
                json.writeStringField("result", row.result());
                json.writeStringField("reason", row.reason());
                json.writeNumberField("count", row.times());
            });
            DeadlockText.write(json, report.waits(), report.deadlock());
            Json.objects(json, "promises", report.promises(), row -> {
                json.writeStringField("promise", row.text());
                json.writeStringField("outcome", row.outcome().word());
                json.writeStringField("values", row.values());
            });
            if (coverage != null) {
                coverage.write(json);
            }
            if (!maps.isEmpty()) {
                Json.objects(json, "objects", maps.entrySet(), entry -> {
                    json.writeStringField("name", entry.getKey());
                    entry.getValue().write(json);
                });
            }
            json.writeEndObject();
        });
    }

    private static void attachment(JsonGenerator json, Attachment how, int cpus) throws IOException {
        json.writeStringField("object", how.object());
        json.writeStringField("program", how.program());
        json.writeStringField("hook", how.hook());
        if (how.level() != null) {
            json.writeStringField("level", how.level().word());
        }
        if (how.pacing().isPaced()) {
            json.writeNumberField("every_ns", how.pacing().meanNanos());
        }
        json.writeArrayFieldStart("cpus");
        for (int cpu : how.cpus().numbers(cpus)) {
            json.writeNumber(cpu);
        }
        json.writeEndArray();
    }

    private static void event(JsonGenerator json, StressReport.EventRow row) throws IOException {
        json.writeStringField("hook", row.hook());
        json.writeStringField("context", row.level().word());
        json.writeNumberField("every_ns", row.pacing().meanNanos());
        json.writeNumberField("due", row.planned());
        json.writeNumberField("taken", row.taken());
        json.writeArrayFieldStart("programs");
        for (String program : row.programs()) {
            json.writeString(program);
        }
        json.writeEndArray();
    }

    /** Writes how many interrupts of each kind there were. */
    static void interrupts(JsonGenerator json, Map<ContextLevel, Long> interrupts) throws IOException {
        json.writeObjectFieldStart("interrupts");
        for (Map.Entry<ContextLevel, Long> entry : interrupts.entrySet()) {
            json.writeNumberField(entry.getKey().word(), entry.getValue());
        }
        json.writeEndObject();
    }

    private static void program(JsonGenerator json, StressReport.ProgramRow program) throws IOException {
        json.writeStringField("name", program.name());
        json.writeStringField("section", program.section());
        json.writeStringField("type", program.type());
        json.writeStringField("hook", program.hook());
        json.writeNumberField("insns", program.insns());
        Json.objects(json, "contexts", program.runs().entrySet(), entry -> {
            json.writeStringField("context", entry.getKey().word());
            json.writeNumberField("runs", entry.getValue().ended());
            json.writeNumberField("misses", entry.getValue().misses());
            json.writeNumberField("faults", entry.getValue().faults());
        });
        Json.objects(json, "results", program.results().entrySet(), entry -> {
            json.writeNumberField("r0", entry.getKey());
            String error = StressText.errorName(entry.getKey().intValue());
            if (!error.isEmpty()) {
                json.writeStringField("errno", error);
            }
            json.writeNumberField("count", entry.getValue());
        });
        json.writeNumberField("other_results", program.otherResults());
    }
}
