package dev.spinbpf.tools.report.page;

import static dev.spinbpf.tools.report.page.PageTemplate.escaped;

import dev.spinbpf.tools.report.WitnessSteps;
import dev.spinbpf.vm.explore.Storyboard.Row;
import dev.spinbpf.vm.explore.Storyboard.State;
import dev.spinbpf.vm.explore.Witness;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A finding on a page: its drawing, a table of its steps, and the state at each. */
final class FindingSection {
    /** Most steps that are shown, the last ones. */
    static final int MOST_STEPS = 300;

    private static final int MOST_INDENTS = 4;

    private final StringBuilder html;
    private final Witness witness;
    private final List<Row> rows;
    private final List<State> states;
    private final int first;
    private final int cpus;
    private final String id;

    FindingSection(StringBuilder html, Witness witness, int cpus, String id) {
        this.html = html;
        this.witness = witness;
        this.cpus = cpus;
        this.id = id;
        first = Math.max(0, witness.rows().size() - MOST_STEPS);
        rows = witness.rows().subList(first, witness.rows().size());
        states = witness.states().size() == witness.rows().size()
                ? witness.states().subList(first, witness.states().size())
                : Collections.nCopies(rows.size(), new State(List.of(), List.of()));
    }

    void write() {
        html.append("<section class=\"finding\" id=\"%s\" aria-labelledby=\"%st\">\n".formatted(id, id));
        html.append("<h2 id=\"%st\" tabindex=\"-1\">".formatted(id))
                .append(escaped(witness.finding().title()))
                .append("</h2>\n<p class=\"met\">")
                .append(escaped(witness.finding().explanation()))
                .append("</p>\n<p class=\"begin\">CPUs begin with: ")
                .append(escaped(witness.situation()))
                .append("</p>\n");
        if (first > 0) {
            html.append("<p>").append(first).append(" earlier steps are left out.</p>\n");
        }
        if (!rows.isEmpty()) {
            LaneDrawing drawing = new LaneDrawing(rows, new Lanes(rows, cpus), first);
            html.append("<div class=\"lanes\">\n").append(drawing.names());
            html.append("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Timeline\">\n")
                    .append(drawing.drawing())
                    .append("</div>\n</div>\n");
            html.append("<p class=\"step\" hidden><button type=\"button\" data-by=\"-1\">◀ Back</button>")
                    .append("<button type=\"button\" data-by=\"1\">Forward ▶</button>")
                    .append("<button type=\"button\" data-by=\"0\">Failing step</button>")
                    .append("<span aria-live=\"polite\"></span></p>\n<div class=\"panes\">\n");
            table();
            html.append("<div class=\"states\">\n");
            for (int i = 0; i < rows.size(); i++) {
                state(i);
            }
            html.append("</div>\n</div>\n");
        }
        html.append("</section>\n");
    }

    private void table() {
        html.append(
                "<div class=\"steps scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Steps\"><table>\n<thead><tr>");
        for (String name : List.of("Step", "CPU", "Line", "Source", "Holds", "Lock word")) {
            html.append("<th scope=\"col\">").append(name).append("</th>");
        }
        html.append("</tr></thead>\n<tbody>\n");
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            html.append("<tr data-step=\"%d\"%s><td>%d</td>"
                    .formatted(i, row.mark().isEmpty() ? "" : " class=\"failed\"", first + i + 1));
            cell("", row.cpu() < 0 ? "all" : String.valueOf(row.cpu()));
            String place = row.place().place();
            cell(" class=\"line\"", place.substring(place.lastIndexOf(':') + 1));
            cell(
                    " class=\"source d%d\"".formatted(Math.min(Math.max(0, row.depth()), MOST_INDENTS)),
                    row.place().text() + (row.mark().isEmpty() ? "" : "  ← " + row.mark()));
            cell("", String.join(", ", row.held()));
            cell("", row.word());
            html.append("</tr>\n");
        }
        html.append("</tbody>\n</table></div>\n");
    }

    private void cell(String attributes, String text) {
        html.append("<td").append(attributes).append('>').append(escaped(text)).append("</td>");
    }

    private void state(int index) {
        Row row = rows.get(index);
        State state = states.get(index);
        html.append("<article data-step=\"")
                .append(index)
                .append("\"><h3>")
                .append(first + index + 1)
                .append(". ");
        if (row.cpu() < 0) {
            html.append("All CPUs");
        } else {
            html.append("CPU ").append(row.cpu());
        }
        if (!row.place().program().isEmpty()) {
            html.append(" in ").append(escaped(row.place().program()));
            html.append(" at ").append(escaped(row.place().place()));
        }
        html.append("</h3>\n<pre><code>").append(escaped(row.place().text())).append("</code></pre>\n<dl>\n");
        if (!row.mark().isEmpty()) {
            entry(" class=\"failed\"", "Result", List.of(row.mark()));
        }
        for (int cpu = 0; cpu < cpus; cpu++) {
            entry("", "CPU " + cpu + " holds", heldAt(cpu, index));
        }
        if (!row.word().isEmpty()) {
            entry("", "Lock word: tail, pending, locked", List.of(row.word()));
        }
        if (!state.changes().isEmpty()) {
            entry("", "Changes", state.changes());
        }
        if (!state.registers().isEmpty()) {
            entry(" class=\"registers\"", "Registers before its last shared access", registers(state.registers()));
        }
        html.append("</dl></article>\n");
    }

    private List<String> heldAt(int cpu, int index) {
        for (int i = index; i >= 0; i--) {
            if (rows.get(i).cpu() == cpu) {
                return rows.get(i).held();
            }
        }
        return List.of();
    }

    private static List<String> registers(List<Long> values) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            lines.add("r" + i + " = " + WitnessSteps.number(values.get(i)));
        }
        return lines;
    }

    private void entry(String attributes, String name, List<String> values) {
        html.append("<dt>").append(escaped(name)).append("</dt>");
        if (values.isEmpty()) {
            html.append("<dd class=\"none\">nothing</dd>");
        }
        for (String value : values) {
            html.append("<dd")
                    .append(attributes)
                    .append('>')
                    .append(escaped(value))
                    .append("</dd>");
        }
        html.append('\n');
    }
}
