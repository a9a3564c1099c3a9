package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Prints the verdicts of several kernels side by side: a row a program, a column a kernel. */
public final class MatrixPrinter {
    private final VerifyPrinter.Format format;
    private final PrintWriter out;
    private final Style style;
    private final boolean verbose;
    private final List<String> kernels;
    private final List<MatrixRow> rows = new ArrayList<>();

    /**
     * @param verbose adds the log of each program for each kernel to tables and JSON
     * @param kernels the names of the kernels, in the order of the columns
     */
    public MatrixPrinter(
            VerifyPrinter.Format format, PrintWriter out, Style style, boolean verbose, List<String> kernels) {
        this.format = format;
        this.out = out;
        this.style = style;
        this.verbose = verbose;
        this.kernels = List.copyOf(kernels);
    }

    /** Called for each row, in order. */
    public void add(MatrixRow row) {
        rows.add(row);
    }

    /** Called once, after the last row: prints all of them. */
    public void end() {
        switch (format) {
            case TABLE -> printTable();
            case CSV -> printCsv();
            case JSON -> out.print(Json.document(json -> Json.objects(json, rows, row -> write(json, row))));
            case GITHUB -> {
                var report = new GithubReport(out);
                reasons().forEach(report::add);
            }
            case SARIF -> {
                var report = new SarifReport(out);
                reasons().forEach(report::add);
                report.end();
            }
        }
    }

    private List<KernelReason> reasons() {
        return rows.stream().flatMap(row -> row.reasons(kernels).stream()).toList();
    }

    private void printTable() {
        if (verbose) {
            rows.forEach(this::printLogs);
        }
        TextTable table = new TextTable(columns("File", "Program", "Type").toArray(String[]::new));
        rows.forEach(row -> table.add(cells(row).toArray(String[]::new)));
        out.print(table.render(style));
        reasons().forEach(this::printReason);
        out.print('\n');
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            out.print(kernels.get(kernel) + ": " + count(kernel, VerifyRow.Outcome.SUCCESS.word()) + " accepted, "
                    + count(kernel, VerifyRow.Outcome.FAILURE.word()) + " refused\n");
        }
    }

    private List<String> columns(String... first) {
        return Stream.concat(Stream.of(first), kernels.stream()).toList();
    }

    private List<String> cells(MatrixRow row) {
        List<String> cells = new ArrayList<>(List.of(row.fileName(), row.progName(), row.progType()));
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            cells.add(row.word(kernel));
        }
        return cells;
    }

    private void printLogs(MatrixRow row) {
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            VerifyRow verdict = row.verdicts().get(kernel);
            if (verdict != null) {
                String title = new KernelReason(List.of(kernels.get(kernel)), verdict).title();
                out.print(style.bold(Printable.line(title)) + '\n' + VerifyTable.withLineEnd(verdict.log()) + '\n');
            }
        }
    }

    private void printReason(KernelReason reason) {
        VerifyRow.Reason why = reason.row().reason();
        out.print('\n' + style.bold(Printable.line(reason.title())) + ": " + style.bad(why.message()) + '\n');
        why.explanation().lines().forEach(line -> out.print("  " + line + '\n'));
    }

    /** The message of the first kernel that does not accept the program; empty if all do. */
    private String message(MatrixRow row) {
        List<KernelReason> reasons = row.reasons(kernels);
        return reasons.isEmpty() ? "" : reasons.getFirst().row().reason().message();
    }

    private long count(int kernel, String word) {
        return rows.stream().filter(row -> row.word(kernel).equals(word)).count();
    }

    private void printCsv() {
        List<String> header = new ArrayList<>(columns("file_name", "prog_name", "prog_type"));
        header.add("message");
        out.print(Csv.line(header) + '\n');
        for (MatrixRow row : rows) {
            List<String> cells = cells(row);
            cells.add(message(row));
            out.print(Csv.line(cells) + '\n');
        }
    }

    private void write(JsonGenerator json, MatrixRow row) throws IOException {
        json.writeStringField("file_name", row.fileName());
        json.writeStringField("prog_name", row.progName());
        json.writeStringField("prog_type", row.progType());
        json.writeObjectFieldStart("kernels");
        for (int kernel = 0; kernel < kernels.size(); kernel++) {
            VerifyRow verdict = row.verdicts().get(kernel);
            if (verdict == null) {
                json.writeNullField(kernels.get(kernel));
            } else {
                json.writeObjectFieldStart(kernels.get(kernel));
                json.writeStringField("verdict", verdict.verdict().word());
                json.writeNumberField("total_insns", verdict.stats().insns());
                json.writeStringField("message", verdict.reason().message());
                json.writeStringField("explanation", verdict.reason().explanation());
                if (verbose) {
                    json.writeStringField("log", verdict.log());
                }
                json.writeEndObject();
            }
        }
        json.writeEndObject();
    }
}
