package dev.spinbpf.tools.report;

import dev.spinbpf.maps.sched.Plan;
import dev.spinbpf.vm.explore.ExploreReport;

/** {@code spinbpf explore --json}. */
public final class ExploreJson {
    private ExploreJson() {}

    /** Returns the report as JSON. */
    public static String of(String fileName, ExploreReport report) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeStringField("file_name", fileName);
            json.writeNumberField("cpus", report.cpus());
            json.writeNumberField("preemptions", report.options().preemptions());
            json.writeNumberField("interrupts", report.options().interrupts());
            json.writeNumberField("stalls", report.options().stalls());
            json.writeNumberField("covered_preemptions", report.coveredPreemptions());
            json.writeNumberField("covered_interrupts", report.coveredInterrupts());
            json.writeBooleanField("complete", report.isComplete());
            json.writeNumberField("situations", report.situations());
            json.writeNumberField("schedules", report.schedules());
            json.writeNumberField("states", report.states());
            Json.strings(json, "programs", report.programs());
            Json.objects(json, "locks", report.sites(), site -> {
                json.writeStringField("lock", site.lock());
                json.writeStringField("program", site.place().program());
                json.writeStringField("line", site.place().place());
                Json.strings(json, "results", site.words());
            });
            Json.objects(json, "findings", report.witnesses(), witness -> {
                json.writeStringField("kind", witness.finding().kind().word());
                json.writeStringField("title", witness.finding().title());
                json.writeStringField("explanation", witness.finding().explanation());
                json.writeStringField("situation", witness.situation());
                json.writeStringField("schedule", Plan.toString(witness.plan()));
                Json.objects(json, "rows", witness.rows(), row -> {
                    json.writeNumberField("cpu", row.cpu());
                    json.writeNumberField("depth", row.depth());
                    json.writeStringField("program", row.place().program());
                    json.writeStringField("line", row.place().place());
                    json.writeStringField("text", row.place().text());
                    Json.strings(json, "held", row.held());
                    json.writeStringField("lock_word", row.word());
                    json.writeStringField("result", row.mark());
                });
            });
            Json.strings(json, "notes", report.notes());
            json.writeEndObject();
        });
    }
}
