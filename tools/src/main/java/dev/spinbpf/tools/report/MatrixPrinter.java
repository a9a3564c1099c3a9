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
    private final List<String> kernels;
    private final List<MatrixRow> rows = new ArrayList<>();

    /** @param kernels the names of the kernels, in the order of the columns */
    public MatrixPrinter(VerifyPrinter.Format format, PrintWriter out, Style style, List<String> kernels) {
        this.format = format;
        this.out = out;
        this.style = style;
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
            case GITHUB, SARIF, JSON ->
                out.print(Json.document(json -> Json.objects(json, rows, row -> write(json, row))));
        }
    }

    private void printTable() {
        TextTable table = new TextTable(columns("File", "Program", "Type").toArray(String[]::new));
        rows.forEach(row -> table.add(cells(row).toArray(String[]::new)));
        out.print(table.render(style));
        rows.forEach(this::printReason);
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

    private void printReason(MatrixRow row) {
        int kernel = row.firstRefusal();
        if (kernel < 0) {
            return;
        }
        String name = row.progName().isEmpty() ? row.fileName() : row.fileName() + ": " + row.progName();
        out.print('\n' + style.bold(Printable.line(name + " on " + kernels.get(kernel))) + ": "
                + style.bad(message(row, kernel)) + '\n');
    }

    private static String message(MatrixRow row, int kernel) {
        VerifyRow verdict = kernel < 0 ? null : row.verdicts().get(kernel);
        return verdict == null ? "" : verdict.reason().message();
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
            cells.add(message(row, row.firstRefusal()));
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
                json.writeEndObject();
            }
        }
        json.writeEndObject();
    }
}
