package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.vm.deferred.DeferredRow;
import java.io.IOException;
import java.util.List;

/** Callbacks of timers, work queues and task work, as a table and as JSON. */
final class DeferredTables {
    private DeferredTables() {}

    /** Returns the table after an empty line; nothing where no callback was set. */
    static String of(List<DeferredRow> rows, Style style) {
        if (rows.isEmpty()) {
            return "";
        }
        TextTable table = new TextTable("Callback", "Kind", "Program", ">Started", ">Ran");
        for (DeferredRow row : rows) {
            table.add(
                    row.callback(),
                    row.kind().word(),
                    row.program(),
                    Long.toString(row.started()),
                    Long.toString(row.ran()));
        }
        return '\n' + table.render(style);
    }

    static void write(JsonGenerator json, List<DeferredRow> rows) throws IOException {
        Json.objects(json, "deferred", rows, row -> {
            json.writeStringField("callback", row.callback());
            json.writeStringField("kind", row.kind().word());
            json.writeStringField("program", row.program());
            json.writeNumberField("started", row.started());
            json.writeNumberField("ran", row.ran());
        });
    }
}
