package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Static Analysis Results Interchange Format, 2.1.0: a rule for each kind of refusal that was met, a result for each refused
 * program with the path that leads to it.
 *
 * @see <a href="https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html">SARIF 2.1.0</a>
 */
final class SarifReport extends VerifyPrinter {
    private static final String SCHEMA =
            "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
    private static final String ROOT = "%SRCROOT%";
    private static final RefusalKind OTHER = new RefusalKind(
            "not-verified", "the program was not verified", "spinbpf cannot verify it.", "See the message.");

    private final SourceRoot sources = new SourceRoot(Path.of(""));
    private final List<KernelReason> reasons = new ArrayList<>();

    SarifReport(PrintWriter out) {
        super(out);
    }

    @Override
    public void add(VerifyRow row) {
        if (row.verdict() != VerifyRow.Outcome.SUCCESS) {
            add(KernelReason.of(row));
        }
    }

    void add(KernelReason reason) {
        reasons.add(reason);
    }

    @Override
    public void end() {
        out.print(Json.document(this::write));
    }

    private static RefusalKind kind(VerifyRow row) {
        Explanation refusal = row.reason().refusal();
        return refusal == null ? OTHER : refusal.kind();
    }

    private void write(JsonGenerator json) throws IOException {
        Map<String, RefusalKind> kinds = new LinkedHashMap<>();
        reasons.forEach(reason -> kinds.put(kind(reason.row()).id(), kind(reason.row())));
        json.writeStartObject();
        json.writeStringField("$schema", SCHEMA);
        json.writeStringField("version", "2.1.0");
        json.writeArrayFieldStart("runs");
        json.writeStartObject();
        json.writeObjectFieldStart("tool");
        json.writeObjectFieldStart("driver");
        json.writeStringField("name", "spinbpf");
        Json.objects(json, "rules", kinds.values(), kind -> rule(json, kind));
        json.writeEndObject();
        json.writeEndObject();
        json.writeStringField("columnKind", "utf16CodeUnits");
        Json.objects(json, "results", reasons, reason -> result(json, reason));
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void rule(JsonGenerator json, RefusalKind kind) throws IOException {
        json.writeStringField("id", kind.id());
        text(json, "shortDescription", kind.title());
        text(json, "fullDescription", kind.reason());
        text(json, "help", kind.remedy());
    }

    private static void text(JsonGenerator json, String name, String text) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeStringField("text", text);
        json.writeEndObject();
    }

    private void result(JsonGenerator json, KernelReason why) throws IOException {
        VerifyRow row = why.row();
        VerifyRow.Reason reason = row.reason();
        String kernels = why.kernels().isEmpty() ? "" : "On " + String.join(", ", why.kernels()) + ": ";
        json.writeStringField("ruleId", kind(row).id());
        json.writeStringField("level", "error");
        text(json, "message", (kernels + reason.message() + "\n" + reason.explanation()).strip());
        json.writeArrayFieldStart("locations");
        json.writeStartObject();
        location(json, GithubReport.location(reason), reason, row);
        json.writeEndObject();
        json.writeEndArray();
        if (reason.refusal() != null && !reason.refusal().path().isEmpty()) {
            flow(json, reason.refusal().path(), reason, row);
        }
        if (!why.kernels().isEmpty()) {
            json.writeObjectFieldStart("properties");
            json.writeArrayFieldStart("kernels");
            for (String kernel : why.kernels()) {
                json.writeString(kernel);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private void flow(JsonGenerator json, List<Explanation.Step> path, VerifyRow.Reason reason, VerifyRow row)
            throws IOException {
        json.writeArrayFieldStart("codeFlows");
        json.writeStartObject();
        json.writeArrayFieldStart("threadFlows");
        json.writeStartObject();
        Json.objects(json, "locations", path, step -> {
            json.writeObjectFieldStart("location");
            location(json, step.at(), reason, row);
            String held = step.held().isEmpty() ? "" : "; holds " + String.join(", ", step.held());
            text(json, "message", step.text() + held);
            json.writeEndObject();
            json.writeStringField("importance", step.decides() ? "essential" : "important");
        });
        json.writeEndObject();
        json.writeEndArray();
        json.writeEndObject();
        json.writeEndArray();
    }

    private void location(JsonGenerator json, @Nullable Location at, VerifyRow.Reason reason, VerifyRow row)
            throws IOException {
        boolean hasLine = at != null && at.hasLine();
        json.writeObjectFieldStart("physicalLocation");
        json.writeObjectFieldStart("artifactLocation");
        json.writeStringField(
                "uri", uri(hasLine && at != null ? sources.nameOf(at, reason.directory()) : row.fileName()));
        json.writeStringField("uriBaseId", ROOT);
        json.writeEndObject();
        if (hasLine && at != null) {
            json.writeObjectFieldStart("region");
            json.writeNumberField("startLine", at.line());
            if (at.column() > 0) {
                json.writeNumberField("startColumn", at.column());
            }
            json.writeEndObject();
        }
        json.writeEndObject();
        if (!row.progName().isEmpty()) {
            json.writeArrayFieldStart("logicalLocations");
            json.writeStartObject();
            json.writeStringField("name", at == null ? row.progName() : at.function());
            json.writeStringField("kind", "function");
            json.writeEndObject();
            json.writeEndArray();
        }
    }

    private static String uri(String file) {
        try {
            boolean looksLikeAScheme = file.indexOf(':') >= 0
                    && !file.substring(0, file.indexOf(':')).contains("/");
            return new URI(null, null, looksLikeAScheme ? "./" + file : file, null).toASCIIString();
        } catch (URISyntaxException e) {
            return "unknown";
        }
    }
}
