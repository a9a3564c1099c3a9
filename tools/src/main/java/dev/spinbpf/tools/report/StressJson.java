package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.stress.StressReport;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** {@code spinbpf stress --json}. */
public final class StressJson {
    private StressJson() {}

    /** Returns the report as JSON; the parameters are those of {@link StressText#of}. */
    public static String of(String fileName, StressReport report, List<StressText.NotAttached> notAttached) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", fileName);
            json.writeNumberField("elapsed_ns", report.elapsedNanos());
            json.writeNumberField("cpus", report.cpus());
            json.writeNumberField("processors", report.realProcessors());
            json.writeNumberField("seed", report.seed());
            json.writeObjectFieldStart("interrupts");
            for (Map.Entry<ContextLevel, Long> entry : report.interrupts().entrySet()) {
                json.writeNumberField(StressText.level(entry.getKey()), entry.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("programs");
            for (StressReport.ProgramRow program : report.programs()) {
                program(json, program);
            }
            json.writeEndArray();
            events(json, report.events());
            json.writeArrayFieldStart("not_attached");
            for (StressText.NotAttached program : notAttached) {
                json.writeStartObject();
                json.writeStringField("name", program.name());
                json.writeStringField("section", program.section());
                json.writeBooleanField("refused", program.refused());
                json.writeStringField("reason", program.reason());
                json.writeStringField("explanation", program.explanation());
                json.writeEndObject();
            }
            json.writeEndArray();
            LockJson.write(json, report.locks());
            json.writeArrayFieldStart("outputs");
            for (ProgramOutput output : report.outputs()) {
                json.writeStartObject();
                json.writeStringField("program", output.program());
                json.writeStringField("stdout", output.out());
                json.writeNumberField("stdout_dropped", output.outDropped());
                json.writeStringField("stderr", output.err());
                json.writeNumberField("stderr_dropped", output.errDropped());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("faults");
            for (Fault fault : report.faults()) {
                json.writeStartObject();
                json.writeStringField("program", fault.program());
                json.writeNumberField("insn", fault.insn());
                json.writeStringField("reason", fault.reason());
                json.writeStringField("report", fault.describe());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("stuck_cpus");
            for (String stuck : report.stuckCpus()) {
                json.writeString(stuck);
            }
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void events(JsonGenerator json, List<StressReport.EventRow> events) throws IOException {
        json.writeArrayFieldStart("events");
        for (StressReport.EventRow row : events) {
            json.writeStartObject();
            json.writeStringField("hook", row.hook());
            json.writeStringField("context", StressText.level(row.level()));
            json.writeNumberField("every_ns", row.pacing().meanNanos());
            json.writeNumberField("due", row.planned());
            json.writeNumberField("taken", row.taken());
            json.writeArrayFieldStart("programs");
            for (String program : row.programs()) {
                json.writeString(program);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void program(JsonGenerator json, StressReport.ProgramRow program) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", program.name());
        json.writeStringField("section", program.section());
        json.writeStringField("type", program.type());
        json.writeStringField("hook", program.hook());
        json.writeNumberField("insns", program.insns());
        json.writeArrayFieldStart("contexts");
        for (Map.Entry<ContextLevel, StressReport.Runs> entry : program.runs().entrySet()) {
            json.writeStartObject();
            json.writeStringField("context", StressText.level(entry.getKey()));
            json.writeNumberField("runs", entry.getValue().ended());
            json.writeNumberField("misses", entry.getValue().misses());
            json.writeNumberField("faults", entry.getValue().faults());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("results");
        for (Map.Entry<Long, Long> entry : program.results().entrySet()) {
            json.writeStartObject();
            json.writeNumberField("r0", entry.getKey());
            json.writeNumberField("count", entry.getValue());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeNumberField("other_results", program.otherResults());
        json.writeEndObject();
    }
}
