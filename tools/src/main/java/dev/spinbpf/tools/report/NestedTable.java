package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import dev.spinbpf.vm.hook.HookTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The programs that were nested into a run: how often each ran, by level. */
final class NestedTable {
    private NestedTable() {}

    /** The runs of a program at a level. */
    record Row(String program, String hook, ContextLevel level, long runs, long misses) {}

    /** Returns the rows for the programs that are attached to a machine; one without runs too. */
    static List<Row> rows(Machine machine) {
        List<Row> rows = new ArrayList<>();
        for (LoadedProgram program : machine.programs()) {
            for (HookTarget target : machine.hooks().targetsOf(program)) {
                add(rows, program, target.name());
            }
        }
        return rows.stream().distinct().toList();
    }

    private static void add(List<Row> rows, LoadedProgram program, String hook) {
        ProgramStats stats = program.stats();
        boolean ran = false;
        for (ContextLevel level : ContextLevel.values()) {
            if (stats.runs(level) + stats.misses(level) > 0) {
                rows.add(new Row(program.name(), hook, level, stats.runs(level), stats.misses(level)));
                ran = true;
            }
        }
        if (!ran) {
            rows.add(new Row(program.name(), hook, ContextLevel.TASK, 0, 0));
        }
    }

    /** Returns the table after an empty line; nothing where no program was nested. */
    static String of(List<Row> rows, Style style) {
        if (rows.isEmpty()) {
            return "";
        }
        TextTable table = new TextTable("Nested", "Hook", "Context", ">Runs", ">Missed");
        for (Row row : rows) {
            table.add(
                    row.program,
                    row.hook,
                    row.runs + row.misses == 0 ? "-" : row.level.word(),
                    Long.toString(row.runs),
                    Long.toString(row.misses));
        }
        return '\n' + table.render(style);
    }

    static void write(JsonGenerator json, List<Row> rows) throws IOException {
        Json.objects(json, "nested", rows, row -> {
            json.writeStringField("program", row.program);
            json.writeStringField("hook", row.hook);
            json.writeStringField("context", row.level.word());
            json.writeNumberField("runs", row.runs);
            json.writeNumberField("misses", row.misses);
        });
    }
}
