package dev.spinbpf.tools.report;

import dev.spinbpf.vm.explore.CheckedPrediction;
import dev.spinbpf.vm.explore.ExploreReport;
import dev.spinbpf.vm.explore.LockSite;
import dev.spinbpf.vm.explore.Storyboard.Row;
import dev.spinbpf.vm.explore.Witness;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The reports of {@code spinbpf explore} and {@code spinbpf replay}. */
public final class ExploreText {
    private static final int MOST_ROWS_SHOWN = 60;
    private static final int LONGEST_LINE = 44;

    private ExploreText() {}

    /** Returns the report of an exploration. */
    public static String of(String fileName, ExploreReport report, Style style) {
        StringBuilder out = new StringBuilder();
        out.append(fileName)
                .append(": ")
                .append(report.cpus())
                .append(" CPUs; ")
                .append(report.programs().isEmpty() ? "no program to run" : String.join(", ", report.programs()))
                .append('\n');
        for (WorkloadRun.Answer answer : report.answers()) {
            if (answer.outcome() != WorkloadRun.Outcome.ACCEPTED) {
                out.append("  left out: ")
                        .append(answer.program())
                        .append(": ")
                        .append(answer.reason())
                        .append('\n');
            }
        }
        sites(out, report.sites(), style);
        predictions(out, report, style);
        int number = 1;
        for (Witness witness : report.witnesses()) {
            out.append('\n').append(number++).append(". ").append(of(witness, report.cpus(), style));
        }
        notes(out, report.notes());
        out.append('\n').append(covered(report)).append('\n');
        return out.toString();
    }

    private static void predictions(StringBuilder out, ExploreReport report, Style style) {
        if (!report.options().predictions()) {
            return;
        }
        out.append("\nPredictions of spinbpf locks:\n");
        if (report.predictions().isEmpty()) {
            out.append("  none\n");
        }
        int number = 1;
        for (CheckedPrediction checked : report.predictions()) {
            boolean confirmed = checked.outcome() == CheckedPrediction.Outcome.CONFIRMED;
            String words = checked.outcome().words();
            Witness witness = checked.witness();
            out.append("  ")
                    .append(number++)
                    .append(". ")
                    .append(LockOrderText.title(checked.prediction()))
                    .append(": ")
                    .append(confirmed ? style.bad(words) : words)
                    .append(witness == null ? "" : " (" + witness.finding().title() + ")")
                    .append('\n');
        }
    }

    private static void sites(StringBuilder out, List<LockSite> sites, Style style) {
        if (sites.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Lock", "Program", "Line", "Results");
        for (LockSite site : sites) {
            table.add(site.lock(), site.place().program(), site.place().place(), String.join(", ", site.words()));
        }
        out.append('\n').append(table.render(style));
    }

    /** Returns a finding with the run that shows it, a column a CPU. */
    public static String of(Witness witness, int cpus, Style style) {
        StringBuilder out = new StringBuilder();
        out.append(style.bad(witness.finding().title()))
                .append("\n   CPUs begin with: ")
                .append(witness.situation())
                .append("\n\n");
        List<String> columns = new ArrayList<>(List.of(""));
        for (int cpu = 0; cpu < cpus; cpu++) {
            columns.add("CPU " + cpu);
        }
        columns.add("Holds");
        boolean hasWord = witness.rows().stream().anyMatch(row -> !row.word().isEmpty());
        columns.add(hasWord ? "Lock word" : "");
        TextTable table = new TextTable(columns.toArray(String[]::new));
        int shown = 0;
        for (Row row : witness.rows()) {
            if (shown++ == MOST_ROWS_SHOWN) {
                break;
            }
            table.add(cells(row, cpus));
        }
        out.append(table.render(style));
        if (witness.rows().size() > MOST_ROWS_SHOWN) {
            out.append("   and ")
                    .append(witness.rows().size() - MOST_ROWS_SHOWN)
                    .append(" rows more\n");
        }
        return out.append('\n')
                .append("   ")
                .append(witness.finding().explanation())
                .append('\n')
                .toString();
    }

    private static String[] cells(Row row, int cpus) {
        String[] cells = new String[cpus + 3];
        Arrays.fill(cells, "");
        int column = 1 + Math.max(0, row.cpu());
        cells[column] = "  ".repeat(row.depth()) + line(row) + (row.mark().isEmpty() ? "" : "  <-- " + row.mark());
        cells[0] = row.mark().isEmpty() ? "" : ">";
        cells[cpus + 1] = String.join(", ", row.held());
        cells[cpus + 2] = row.word();
        return cells;
    }

    private static String line(Row row) {
        String text = row.place().text();
        String cut = text.length() > LONGEST_LINE ? text.substring(0, LONGEST_LINE - 3) + "..." : text;
        String place = row.place().place();
        String number = place.substring(place.lastIndexOf(':') + 1);
        return number.isEmpty() ? cut : number + " " + cut;
    }

    private static void notes(StringBuilder out, List<String> notes) {
        if (!notes.isEmpty()) {
            out.append("\nLoads and stores that nothing orders, right where they are meant (READ_ONCE, WRITE_ONCE):\n");
            notes.forEach(note -> out.append("  ").append(note).append('\n'));
        }
    }

    /** Returns a sentence that says which schedules were run. */
    public static String covered(ExploreReport report) {
        String stalls = report.options().stalls() == 0
                ? ""
                : " and up to " + report.options().stalls() + " stalls";
        String counts = report.schedules() + " schedules run";
        if (report.coveredPreemptions() < 0) {
            return "Covered: a part of the schedules; " + counts + ".";
        }
        String runs = report.options().runs() == 1
                ? ""
                : ", each of which runs " + report.options().runs() + " programs,";
        String bounds = report.cpus() + " CPUs" + runs + " with up to " + report.coveredPreemptions()
                + " preemptions and " + report.coveredInterrupts() + " interrupts" + stalls;
        String all =
                "Covered: all sequentially consistent schedules of " + report.situations() + " situations on " + bounds;
        if (!report.isComplete()) {
            return all + "; up to " + report.options().preemptions() + " and "
                    + report.options().interrupts() + " a part; " + counts + ".";
        }
        return all + ": " + report.classes() + " classes, " + counts + "; "
                + (report.witnesses().isEmpty()
                        ? "nothing found."
                        : report.witnesses().size() + " findings.");
    }
}
