package dev.spinbpf.tools.serve;

import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.tools.serve.engine.Change;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import java.util.HexFormat;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Logs a line a change. */
final class ChangeLog implements Change.Listener {
    private static final Logger LOG = LoggerFactory.getLogger("serve");
    private static final int MOST_BYTES = 32;

    @Override
    public void changed(Change change) {
        LoggingEventBuilder line = LOG.atInfo();
        switch (change) {
            case Change.Uploaded uploaded ->
                line.addKeyValue("object", uploaded.object().name())
                        .addKeyValue("bytes", uploaded.object().bytes().size())
                        .addKeyValue("programs", uploaded.object().programs().size())
                        .log("uploaded");
            case Change.Removed removed ->
                line.addKeyValue("object", removed.object()).log("removed");
            case Change.Stored stored ->
                line.addKeyValue("file", stored.file().name())
                        .addKeyValue("bytes", stored.file().bytes().size())
                        .log("uploaded");
            case Change.Discarded discarded ->
                line.addKeyValue("file", discarded.file()).log("removed");
            case Change.Moved moved -> program(line, moved.program());
            case Change.Updated updated ->
                map(line, updated.object(), updated.map(), updated.key()).log("updated");
            case Change.Deleted deleted ->
                map(line, deleted.object(), deleted.map(), deleted.key()).log("deleted");
            case Change.Replaced replaced ->
                line.addKeyValue("objects", String.join(",", replaced.objects()))
                        .log("workload read");
            case Change.Workload workload ->
                line.addKeyValue("seed", workload.seed())
                        .addKeyValue("duration_ms", workload.durationMillis())
                        .log(workload.running() ? "workload started" : "workload stopped");
        }
    }

    private static void program(LoggingEventBuilder line, ServedProgram program) {
        line.addKeyValue("object", program.object())
                .addKeyValue("program", Printable.line(program.name()))
                .addKeyValue("hook", Printable.line(program.hook()))
                .log(program.state().name().toLowerCase(Locale.ROOT));
    }

    private static LoggingEventBuilder map(LoggingEventBuilder line, String object, String map, byte[] key) {
        String hex = HexFormat.of().formatHex(key, 0, Math.min(MOST_BYTES, key.length));
        return line.addKeyValue("object", object)
                .addKeyValue("map", Printable.line(map))
                .addKeyValue("key", hex);
    }
}
