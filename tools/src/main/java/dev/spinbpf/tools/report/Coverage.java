package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.Code;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The share of programs' instructions that was executed, and the places of the others. */
public final class Coverage {
    private static final int MOST_LINES = 40;

    private final List<Row> rows = new ArrayList<>();

    /**
     * A program.
     *
     * @param unreached the instructions that were not executed, counted by source line, or by number where there are no lines
     */
    private record Row(String program, int instructions, int executed, Map<Line, Integer> unreached) {
        double percent() {
            return instructions == 0 ? 100 : 100.0 * executed / instructions;
        }
    }

    private record Line(String place, String text) {}

    /** Reads what programs executed that are watched. */
    public Coverage(List<LoadedProgram> programs) {
        for (LoadedProgram program : programs) {
            Code code = program.code();
            Map<Line, Integer> lines = new LinkedHashMap<>();
            List<Integer> slots = code.unreached();
            slots.forEach(slot -> lines.merge(line(code, slot), 1, Integer::sum));
            rows.add(new Row(program.name(), code.instructions(), code.instructions() - slots.size(), lines));
        }
    }

    private static Line line(Code code, int slot) {
        LineInfo line = code.program().lineAt(slot);
        return line == null
                ? new Line("instruction " + slot, "")
                : new Line(line.place(), line.text().strip());
    }

    /** Returns a table of the programs, and after it the lines of what was not executed. */
    public String text(Style style) {
        StringBuilder out = new StringBuilder("\n");
        TextTable table = new TextTable("Program", ">Instructions", ">Executed", ">Share");
        for (Row row : rows) {
            table.add(
                    row.program(),
                    Integer.toString(row.instructions()),
                    Integer.toString(row.executed()),
                    String.format(Locale.ROOT, "%.1f %%", row.percent()));
        }
        out.append(table.render(style));
        for (Row row : rows) {
            if (!row.unreached().isEmpty()) {
                out.append("\nNot executed in ").append(row.program()).append(":\n");
                lines(out, row.unreached());
            }
        }
        return out.toString();
    }

    private static void lines(StringBuilder out, Map<Line, Integer> lines) {
        lines.entrySet().stream().limit(MOST_LINES).forEach(entry -> out.append("  ")
                .append(entry.getKey().place())
                .append(": ")
                .append(entry.getKey().text())
                .append(entry.getKey().text().isEmpty() ? "" : " ")
                .append('(')
                .append(entry.getValue())
                .append(")\n"));
        if (lines.size() > MOST_LINES) {
            out.append("  and ").append(lines.size() - MOST_LINES).append(" lines more\n");
        }
    }

    /** Writes the programs into an object of JSON. */
    void write(JsonGenerator json) throws IOException {
        Json.objects(json, "coverage", rows, row -> {
            json.writeStringField("program", row.program());
            json.writeNumberField("instructions", row.instructions());
            json.writeNumberField("executed", row.executed());
            Json.objects(json, "not_executed", row.unreached().entrySet(), entry -> {
                json.writeStringField("line", entry.getKey().place());
                json.writeStringField("text", entry.getKey().text());
                json.writeNumberField("instructions", entry.getValue());
            });
        });
    }
}
