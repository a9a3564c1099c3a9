package dev.spinbpf.tools.report;

import dev.spinbpf.verifier.refusal.Location;
import java.io.PrintWriter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Workflow commands that a run on GitHub turns into annotations of a pull request: one for each program that is not accepted. */
final class GithubReport extends VerifyPrinter {
    private final SourceRoot sources = new SourceRoot(Path.of(""));

    GithubReport(PrintWriter out) {
        super(out);
    }

    @Override
    public void add(VerifyRow row) {
        if (row.verdict() != VerifyRow.Outcome.SUCCESS) {
            add(KernelReason.of(row));
        }
    }

    void add(KernelReason why) {
        VerifyRow.Reason reason = why.row().reason();
        String text = reason.message() + "\n" + reason.explanation();
        out.print("::error " + place(reason) + "title=" + property(why.title()) + "::" + data(text.strip()) + '\n');
        out.flush();
    }

    private String place(VerifyRow.Reason reason) {
        Location at = location(reason);
        if (at == null || !at.hasLine()) {
            return "";
        }
        String column = at.column() > 0 ? "col=" + at.column() + "," : "";
        return "file=" + property(sources.nameOf(at, reason.directory())) + ",line=" + at.line() + "," + column;
    }

    static @Nullable Location location(VerifyRow.Reason reason) {
        return reason.refusal() == null ? null : reason.refusal().at();
    }

    private static String data(String text) {
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A");
    }

    private static String property(String text) {
        return data(text).replace(":", "%3A").replace(",", "%2C");
    }
}
