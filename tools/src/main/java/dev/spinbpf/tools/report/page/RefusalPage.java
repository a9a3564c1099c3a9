package dev.spinbpf.tools.report.page;

import static dev.spinbpf.tools.report.page.PageTemplate.escaped;

import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.tools.report.page.LoggedPath.Step;
import dev.spinbpf.verifier.refusal.Explanation;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A page without outside assets that shows why programs were refused: the source lines of the refused path beside its
 * instructions, with the registers that each changed and what the program held. All text comes from objects, which may be
 * hostile, and is escaped.
 */
public final class RefusalPage {
    /** Most programs on a page; of the others it says how many there are. */
    static final int MOST_PROGRAMS = 100;

    private static final String TEMPLATE = "refusals.html";

    private final List<VerifyRow> rows = new ArrayList<>();
    private int accepted;
    private int others;

    /** A page about nothing. */
    public RefusalPage() {}

    /** Adds what was said of a program or file; its log should be in it. */
    public void add(VerifyRow row) {
        if (row.verdict() == VerifyRow.Outcome.SUCCESS) {
            accepted++;
        } else if (rows.size() < MOST_PROGRAMS) {
            rows.add(row);
        } else {
            others++;
        }
    }

    /** Returns the page, as HTML. */
    public String html() {
        StringBuilder content = new StringBuilder();
        int refused = rows.size() + others;
        content.append("<p>")
                .append(accepted)
                .append(" accepted, ")
                .append(refused)
                .append(" refused</p>\n");
        if (rows.size() > 1) {
            contents(content);
        }
        for (int i = 0; i < rows.size(); i++) {
            section(content, rows.get(i), "p" + i);
        }
        if (others > 0) {
            content.append("<p>").append(others).append(" more refused programs are not shown.</p>\n");
        }
        return PageTemplate.filled(TEMPLATE, content);
    }

    private void contents(StringBuilder html) {
        html.append("<nav aria-label=\"Refused programs\"><ul>\n");
        for (int i = 0; i < rows.size(); i++) {
            html.append("<li><a href=\"#p").append(i).append("\">").append(escaped(title(rows.get(i))));
            html.append("</a></li>\n");
        }
        html.append("</ul></nav>\n");
    }

    private static String title(VerifyRow row) {
        return row.progName().isEmpty() ? row.fileName() : row.fileName() + ": " + row.progName();
    }

    private static void section(StringBuilder html, VerifyRow row, String id) {
        html.append("<section id=\"")
                .append(id)
                .append("\" aria-labelledby=\"")
                .append(id)
                .append("t\">\n");
        html.append("<h2 id=\"")
                .append(id)
                .append("t\">")
                .append(escaped(title(row)))
                .append("</h2>\n");
        html.append("<p class=\"message\">")
                .append(escaped(row.reason().message()))
                .append("</p>\n");
        Explanation refusal = row.reason().refusal();
        if (!row.reason().explanation().isEmpty()) {
            html.append("<pre class=\"explanation\" tabindex=\"0\" aria-label=\"Explanation\">");
            html.append(escaped(row.reason().explanation())).append("</pre>\n");
        }
        LoggedPath path = LoggedPath.of(row.log(), refusal == null ? List.of() : refusal.holdings());
        int fault = refusal == null || refusal.at() == null ? -1 : refusal.at().insn();
        int refusedStep = lastStepAt(path.steps(), fault);
        if (!path.steps().isEmpty()) {
            html.append("<div class=\"panes\">\n");
            source(html, path.steps(), refusedStep);
            path(html, path, refusedStep);
            html.append("</div>\n");
        }
        html.append("</section>\n");
    }

    private static int lastStepAt(List<Step> steps, int insn) {
        for (int i = steps.size() - 1; i >= 0 && insn >= 0; i--) {
            if (steps.get(i).insn() == insn) {
                return i;
            }
        }
        return -1;
    }

    /** The source lines that the path goes over, in the order of their files. */
    private static void source(StringBuilder html, List<Step> steps, int refusedStep) {
        SortedMap<String, SortedMap<Integer, String>> files = new TreeMap<>();
        for (Step step : steps) {
            if (!step.place().isEmpty()) {
                int colon = step.place().lastIndexOf(':');
                files.computeIfAbsent(step.place().substring(0, colon), file -> new TreeMap<>())
                        .put(Integer.valueOf(step.place().substring(colon + 1)), step.source());
            }
        }
        String refused = refusedStep < 0 ? "" : steps.get(refusedStep).place();
        html.append("<div class=\"source\" tabindex=\"0\" role=\"group\" aria-label=\"Source\">\n");
        files.forEach((file, lines) -> {
            html.append("<h3>").append(escaped(file)).append("</h3>\n<ol>\n");
            int before = 0;
            for (var line : lines.entrySet()) {
                if (before > 0 && line.getKey() > before + 1) {
                    html.append("<li class=\"gap\" aria-hidden=\"true\">⋯</li>\n");
                }
                before = line.getKey();
                String place = file + ":" + before;
                html.append("<li data-place=\"").append(escaped(place)).append('"');
                html.append(place.equals(refused) ? " class=\"refused\"" : "")
                        .append("><b>")
                        .append(before);
                html.append("</b> <code>").append(escaped(line.getValue())).append("</code></li>\n");
            }
            html.append("</ol>\n");
        });
        html.append("</div>\n");
    }

    private static void path(StringBuilder html, LoggedPath path, int refusedStep) {
        html.append(
                "<div class=\"path\">\n<p class=\"step\" hidden><button type=\"button\" data-by=\"-1\">Back</button> ");
        html.append("<button type=\"button\" data-by=\"1\">Forward</button> <span aria-live=\"polite\"></span></p>\n");
        if (path.leftOut() > 0) {
            html.append("<p>").append(path.leftOut()).append(" earlier steps are left out.</p>\n");
        }
        html.append(
                "<div class=\"steps\" tabindex=\"0\" role=\"group\" aria-label=\"Path\"><table>\n<thead><tr><th scope=\"col\">Insn</th>");
        html.append(
                "<th scope=\"col\">Instruction</th><th scope=\"col\">Changes</th><th scope=\"col\">Holds</th></tr></thead>\n<tbody>\n");
        List<Step> steps = path.steps();
        for (int i = 0; i < steps.size(); i++) {
            Step step = steps.get(i);
            html.append("<tr data-place=\"").append(escaped(step.place())).append('"');
            html.append(i == refusedStep ? " class=\"refused\"" : step.insn() < 0 ? " class=\"note\"" : "")
                    .append('>');
            html.append("<td>").append(step.insn() < 0 ? "" : step.insn()).append("</td>");
            html.append("<td><code>").append(escaped(step.text())).append("</code></td>");
            html.append("<td class=\"state\">").append(escaped(step.state())).append("</td>");
            html.append("<td>")
                    .append(escaped(String.join(", ", step.held()).replace("`", "")))
                    .append("</td></tr>\n");
        }
        html.append(
                "</tbody>\n</table></div>\n<div class=\"registers\" hidden><h3>Registers here</h3><dl></dl></div>\n</div>\n");
    }
}
