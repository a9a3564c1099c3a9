package dev.spinbpf.tools.report.page;

import static dev.spinbpf.tools.report.page.PageTemplate.escaped;

import dev.spinbpf.tools.report.ExploreText;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.LockSite;
import dev.spinbpf.vm.explore.Witness;
import java.util.List;

/**
 * A page without outside assets that shows findings of an exploration: for each the run as a drawing of lanes, its steps, and
 * the state at each. All text comes from objects, which may be hostile, and is escaped.
 */
public final class FindingsPage {
    /** Most findings on a page; of the others it says how many there are. */
    static final int MOST_FINDINGS = 60;

    private static final String TEMPLATE = "findings.html";

    private final StringBuilder html = new StringBuilder();

    private FindingsPage() {}

    /** Returns the page of an exploration, as HTML. */
    public static String of(String fileName, ExploreReport report) {
        FindingsPage page = new FindingsPage();
        page.head(fileName, report);
        page.findings(report.witnesses(), report.cpus());
        page.notes(report.notes());
        return PageTemplate.filled(TEMPLATE, page.html);
    }

    /** Returns the page of a schedule that was run again, as HTML. */
    public static String of(String fileName, Witness witness, int cpus) {
        FindingsPage page = new FindingsPage();
        page.title(fileName);
        page.findings(List.of(witness), cpus);
        return PageTemplate.filled(TEMPLATE, page.html);
    }

    private void title(String fileName) {
        html.append("<header>\n<h1>").append(escaped(fileName)).append("</h1>\n");
    }

    private void head(String fileName, ExploreReport report) {
        title(fileName);
        html.append("<p>")
                .append(report.cpus())
                .append(" CPUs: ")
                .append(escaped(String.join(", ", report.programs())))
                .append("</p>\n<p class=\"covered\">")
                .append(escaped(ExploreText.covered(report)))
                .append("</p>\n");
        if (!report.sites().isEmpty()) {
            html.append("<details><summary>Results of attempts to take locks</summary>\n")
                    .append(
                            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Results of locks\"><table>\n")
                    .append("<thead><tr><th scope=\"col\">Lock</th><th scope=\"col\">Program</th>")
                    .append("<th scope=\"col\">Line</th><th scope=\"col\">Results</th></tr></thead>\n<tbody>\n");
            report.sites().forEach(this::site);
            html.append("</tbody>\n</table></div></details>\n");
        }
    }

    private void site(LockSite site) {
        html.append("<tr>");
        for (String cell :
                List.of(site.lock(), site.place().program(), site.place().place(), String.join(", ", site.words()))) {
            html.append("<td>").append(escaped(cell)).append("</td>");
        }
        html.append("</tr>\n");
    }

    private void findings(List<Witness> witnesses, int cpus) {
        int shown = Math.min(witnesses.size(), MOST_FINDINGS);
        html.append("</header>\n");
        if (witnesses.isEmpty()) {
            html.append("<p class=\"good\">Nothing found.</p>\n");
        }
        if (shown > 1) {
            html.append("<nav aria-label=\"Findings\"><ol>\n");
            for (int i = 0; i < shown; i++) {
                html.append("<li><a href=\"#f%d\">".formatted(i + 1))
                        .append(escaped(witnesses.get(i).finding().title()))
                        .append("</a></li>\n");
            }
            html.append("</ol></nav>\n");
        }
        html.append("<div class=\"findings\">\n");
        for (int i = 0; i < shown; i++) {
            new FindingSection(html, witnesses.get(i), cpus, "f" + (i + 1)).write();
        }
        html.append("</div>\n");
        if (witnesses.size() > shown) {
            html.append("<p>").append(witnesses.size() - shown).append(" more findings are not shown.</p>\n");
        }
    }

    private void notes(List<String> notes) {
        if (!notes.isEmpty()) {
            html.append("<details class=\"notes\"><summary>Loads and stores that nothing orders, right where they are"
                    + " meant (READ_ONCE, WRITE_ONCE)</summary>\n<ul>\n");
            notes.forEach(note -> html.append("<li>").append(escaped(note)).append("</li>\n"));
            html.append("</ul></details>\n");
        }
    }
}
