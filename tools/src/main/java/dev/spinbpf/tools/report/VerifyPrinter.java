package dev.spinbpf.tools.report;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints the rows of {@code spinbpf verify} in one of several forms. */
public abstract class VerifyPrinter {
    final PrintWriter out;

    VerifyPrinter(PrintWriter out) {
        this.out = out;
    }

    /** The forms. */
    public enum Format {
        TABLE,
        CSV,
        JSON,
        /** Annotations of a pull request on GitHub. */
        GITHUB,
        SARIF;

        /** Returns the word that the option takes. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The report of that form; {@code verbose} adds the log of each program, except to CSV. */
    public static VerifyPrinter of(Format format, PrintWriter out, Style style, boolean verbose) {
        return of(format, out, style, verbose, List.of());
    }

    /**
     * The report of that form.
     *
     * @param columns the columns of tables and CSV; none for those that are usual
     */
    public static VerifyPrinter of(
            Format format, PrintWriter out, Style style, boolean verbose, List<Columns> columns) {
        return switch (format) {
            case TABLE -> new VerifyTable(out, style, verbose, columns);
            case CSV -> new CsvReport(out, columns);
            case JSON -> new JsonReport(out, verbose);
            case GITHUB -> new GithubReport(out);
            case SARIF -> new SarifReport(out);
        };
    }

    /** Called once, before the first row. */
    public void begin() {}

    /** Called for each row, in order. */
    public abstract void add(VerifyRow row);

    /** Called once, after the last row. */
    public void end() {}

    private static final class CsvReport extends VerifyPrinter {
        private final List<Columns> columns;

        CsvReport(PrintWriter out, List<Columns> columns) {
            super(out);
            this.columns = columns.isEmpty() ? List.of(Columns.values()) : columns;
        }

        @Override
        public void begin() {
            out.print(Csv.line(columns.stream().map(Columns::csvName).toList()) + '\n');
        }

        @Override
        public void add(VerifyRow row) {
            out.print(Csv.line(columns.stream().map(column -> column.of(row)).toList()) + '\n');
            out.flush();
        }
    }

    private static final class JsonReport extends VerifyPrinter {
        private final boolean verbose;
        private final List<VerifyRow> rows = new ArrayList<>();

        JsonReport(PrintWriter out, boolean verbose) {
            super(out);
            this.verbose = verbose;
        }

        @Override
        public void add(VerifyRow row) {
            rows.add(row);
        }

        @Override
        public void end() {
            out.print(Json.document(json -> Json.objects(json, rows, row -> write(json, row))));
        }

        private void write(JsonGenerator json, VerifyRow row) throws IOException {
            json.writeStringField("file_name", row.fileName());
            json.writeStringField("prog_name", row.progName());
            json.writeStringField("verdict", row.verdict().word());
            json.writeBooleanField("supported", row.verdict() != VerifyRow.Outcome.UNSUPPORTED);
            json.writeNumberField("duration", row.durationMicros());
            json.writeNumberField("total_insns", row.stats().insns());
            json.writeNumberField("total_states", row.stats().totalStates());
            json.writeNumberField("peak_states", row.stats().peakStates());
            json.writeStringField("prog_type", row.progType());
            json.writeStringField("message", row.reason().message());
            json.writeStringField("explanation", row.reason().explanation());
            if (verbose) {
                json.writeStringField("log", row.log());
            }
        }
    }
}
