package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.order.LockStep;
import dev.spinbpf.vm.order.LockWay;
import java.io.IOException;
import java.util.Locale;

/** The order of locks as JSON. */
public final class LockOrderJson {
    private LockOrderJson() {}

    /** Returns the document. */
    public static String of(LockOrderReport report) {
        return Json.document(json -> {
            json.writeStartObject();
            json.writeNumberField("programs", report.looked());
            Json.strings(json, "not_looked_at", report.left());
            Json.objects(json, "locks", report.order().locks(), row -> {
                json.writeStringField("name", row.lock().name());
                json.writeStringField("kind", row.lock().kind().word());
                Json.strings(json, "contexts", row.contexts());
            });
            Json.objects(json, "edges", report.order().steps(), step -> step(json, step));
            Json.objects(json, "predictions", report.order().predictions(), one -> prediction(json, one));
            json.writeBooleanField("complete", report.order().isComplete());
            json.writeEndObject();
        });
    }

    private static void prediction(JsonGenerator json, LockPrediction prediction) throws IOException {
        json.writeStringField("kind", word(prediction.kind()));
        boolean isDeadlock = prediction.outcome() == LockPrediction.Outcome.DEADLOCK;
        json.writeStringField("result", isDeadlock ? "deadlock" : "delay");
        json.writeStringField("outcome", word(prediction.outcome()));
        json.writeStringField("text", LockOrderText.title(prediction));
        Json.objects(json, "steps", prediction.steps(), step -> step(json, step));
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static void step(JsonGenerator json, LockStep step) throws IOException {
        json.writeStringField("held", step.held().name());
        json.writeStringField("wanted", step.wanted().name());
        json.writeStringField("kind", step.kind().word());
        json.writeBooleanField("may_fail", step.mayFail());
        json.writeFieldName("holder");
        way(json, step.holder());
        json.writeFieldName("taker");
        way(json, step.taker());
    }

    private static void way(JsonGenerator json, LockWay way) throws IOException {
        json.writeStartObject();
        json.writeStringField("file", way.by().file());
        json.writeStringField("program", way.by().program());
        json.writeStringField("context", way.by().where());
        json.writeStringField("call", way.call());
        place(json, way.at());
        Json.objects(json, "path", way.path(), step -> {
            place(json, step.at());
            json.writeStringField("text", step.text());
        });
        json.writeEndObject();
    }

    private static void place(JsonGenerator json, Location at) throws IOException {
        json.writeStringField("function", at.function());
        json.writeStringField("source_file", at.file());
        json.writeNumberField("line", at.line());
        json.writeNumberField("insn", at.insn());
        json.writeStringField("source", at.source());
    }
}
