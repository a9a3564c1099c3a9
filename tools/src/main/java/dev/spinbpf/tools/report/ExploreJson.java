package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.Storyboard;
import dev.spinbpf.vm.explore.Witness;
import java.io.IOException;

/** {@code spinbpf explore --json} and {@code spinbpf replay --json}. */
public final class ExploreJson {
    private ExploreJson() {}

    /** Returns the report as JSON. */
    public static String of(String fileName, ExploreReport report) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", fileName);
            json.writeNumberField("cpus", report.cpus());
            json.writeNumberField("runs", report.options().runs());
            json.writeNumberField("preemptions", report.options().preemptions());
            json.writeNumberField("interrupts", report.options().interrupts());
            json.writeNumberField("stalls", report.options().stalls());
            json.writeNumberField("covered_preemptions", report.coveredPreemptions());
            json.writeNumberField("covered_interrupts", report.coveredInterrupts());
            json.writeBooleanField("complete", report.isComplete());
            json.writeNumberField("situations", report.situations());
            json.writeNumberField("schedules", report.schedules());
            json.writeNumberField("states", report.states());
            json.writeNumberField("classes", report.classes());
            Json.strings(json, "programs", report.programs());
            Json.objects(json, "locks", report.sites(), site -> {
                json.writeStringField("lock", site.lock());
                json.writeStringField("program", site.place().program());
                json.writeStringField("line", site.place().place());
                Json.strings(json, "results", site.words());
            });
            Json.objects(json, "findings", report.witnesses(), witness -> write(json, witness, false));
            Json.strings(json, "notes", report.notes());
            if (report.options().predictions()) {
                Json.objects(json, "predictions", report.predictions(), checked -> {
                    json.writeStringField("prediction", LockOrderText.title(checked.prediction()));
                    json.writeStringField(
                            "kind", LockOrderJson.word(checked.prediction().kind()));
                    json.writeStringField("outcome", LockOrderJson.word(checked.outcome()));
                    Witness shown = checked.witness();
                    if (shown != null) {
                        json.writeObjectFieldStart("finding");
                        write(json, shown, false);
                        json.writeEndObject();
                    }
                });
            }
            json.writeEndObject();
        });
    }

    /** Returns a run as JSON, with the state at each row. */
    public static String of(Witness witness) {
        return Json.document(json -> {
            json.writeStartObject();
            write(json, witness, true);
            json.writeEndObject();
        });
    }

    private static void write(JsonGenerator json, Witness witness, boolean withStates) throws IOException {
        json.writeStringField("kind", witness.finding().kind().word());
        json.writeStringField("title", witness.finding().title());
        json.writeStringField("explanation", witness.finding().explanation());
        json.writeStringField("situation", witness.situation());
        json.writeStringField("schedule", Plan.toString(witness.plan()));
        json.writeArrayFieldStart("rows");
        for (int i = 0; i < witness.rows().size(); i++) {
            json.writeStartObject();
            write(json, witness.rows().get(i));
            if (withStates) {
                write(json, witness.states().get(i));
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, Storyboard.Row row) throws IOException {
        json.writeNumberField("cpu", row.cpu());
        json.writeNumberField("depth", row.depth());
        json.writeStringField("program", row.place().program());
        json.writeStringField("line", row.place().place());
        json.writeStringField("text", row.place().text());
        Json.strings(json, "held", row.held());
        json.writeStringField("lock_word", row.word());
        json.writeStringField("result", row.mark());
    }

    private static void write(JsonGenerator json, Storyboard.State state) throws IOException {
        Json.strings(json, "changes", state.changes());
        json.writeArrayFieldStart("registers");
        for (long register : state.registers()) {
            json.writeString("0x" + Long.toHexString(register));
        }
        json.writeEndArray();
    }
}
