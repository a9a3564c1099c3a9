package dev.spinbpf.tools.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of {@code spinbpf verify}: a line a program, then the reasons of what was refused. */
final class VerifyTable extends VerifyPrinter {
    private static final List<Columns> USUAL = List.of(
            Columns.FILE,
            Columns.PROG,
            Columns.PROG_TYPE,
            Columns.VERDICT,
            Columns.DURATION,
            Columns.INSNS,
            Columns.STATES,
            Columns.PEAK_STATES);

    private final Style style;
    private final boolean verbose;
    private final List<Columns> columns;
    private final List<VerifyRow> rows = new ArrayList<>();

    VerifyTable(PrintWriter out, Style style, boolean verbose, List<Columns> columns) {
        super(out);
        this.style = style;
        this.verbose = verbose;
        this.columns = columns.isEmpty() ? USUAL : columns;
    }

    @Override
    public void add(VerifyRow row) {
        rows.add(row);
        if (verbose) {
            out.print(style.bold(title(row)) + '\n' + withLineEnd(row.log()) + '\n');
            out.flush();
        }
    }

    @Override
    public void end() {
        TextTable table = new TextTable(columns.stream().map(Columns::header).toArray(String[]::new));
        for (VerifyRow row : rows) {
            if (row.verdict() != VerifyRow.Outcome.ERROR) {
                table.add(columns.stream().map(column -> column.of(row)).toArray(String[]::new));
            }
        }
        if (!table.isEmpty()) {
            out.print(table.render(style));
        }
        Map<String, List<VerifyRow>> alike = new LinkedHashMap<>();
        for (VerifyRow row : rows) {
            if (row.verdict() != VerifyRow.Outcome.SUCCESS) {
                String text = row.fileName()
                        + '\n'
                        + row.reason().message()
                        + '\n'
                        + row.reason().explanation();
                alike.computeIfAbsent(text, key -> new ArrayList<>()).add(row);
            }
        }
        alike.values().forEach(this::reason);
        out.print(summary());
    }

    /** The reason that programs of a file share. */
    private void reason(List<VerifyRow> alike) {
        VerifyRow row = alike.getFirst();
        String others = alike.size() == 1
                ? ""
                : " (and " + (alike.size() - 1) + (alike.size() == 2 ? " more program)" : " more programs)");
        out.print('\n' + style.bold(title(row)) + others + ": "
                + style.bad(row.reason().message()) + '\n');
        row.reason().explanation().lines().forEach(line -> out.print("  " + line + '\n'));
    }

    private String summary() {
        long good = count(VerifyRow.Outcome.SUCCESS);
        long refused = count(VerifyRow.Outcome.FAILURE);
        long unsupported = count(VerifyRow.Outcome.UNSUPPORTED);
        long internal = count(VerifyRow.Outcome.INTERNAL);
        long unreadable = count(VerifyRow.Outcome.ERROR);
        StringBuilder text = new StringBuilder("\n")
                .append(style.good(good + " accepted"))
                .append(", ")
                .append(refused == 0 ? "0 refused" : style.bad(refused + " refused"));
        if (unsupported > 0) {
            text.append(", ").append(style.bad(unsupported + " not supported"));
        }
        if (internal > 0) {
            text.append(", ").append(style.bad(internal + (internal == 1 ? " internal error" : " internal errors")));
        }
        if (unreadable > 0) {
            text.append(", ").append(style.bad(unreadable + (unreadable == 1 ? " file" : " files") + " not readable"));
        }
        return text.append('\n').toString();
    }

    private long count(VerifyRow.Outcome outcome) {
        return rows.stream().filter(row -> row.verdict() == outcome).count();
    }

    private static String title(VerifyRow row) {
        return Printable.line(row.progName().isEmpty() ? row.fileName() : row.fileName() + ": " + row.progName());
    }

    static String withLineEnd(String text) {
        return text.isEmpty() || text.endsWith("\n") ? text : text + '\n';
    }
}
