package dev.spinbpf.tools.report;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Prints the rows of {@code spinbpf bench} in one of several forms. */
public abstract class BenchReport {
    final PrintWriter out;

    BenchReport(PrintWriter out) {
        this.out = out;
    }

    /** The forms. */
    public enum Format {
        TABLE,
        TSV,
        JSON;

        /** Returns the word that the option takes. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The report of that form. */
    public static BenchReport of(Format format, PrintWriter out, Style style) {
        return switch (format) {
            case TABLE -> new Table(out, style);
            case TSV -> new Tsv(out);
            case JSON -> new JsonReport(out);
        };
    }

    /** Called once, before the first row. */
    public void begin() {}

    /** Called for each program, in order. */
    public abstract void add(BenchRow row);

    /** Called once, after the last row. */
    public void end() {}

    private static final class Table extends BenchReport {
        private final Style style;
        private final TextTable table =
                new TextTable("Program", ">Best", ">Median", ">Spread", ">Insns", ">ns/insn", ">Runs", ">R0");

        Table(PrintWriter out, Style style) {
            super(out);
            this.style = style;
        }

        @Override
        public void add(BenchRow row) {
            table.add(
                    row.program(),
                    Durations.of(Math.round(row.bestNanos())),
                    Durations.of(Math.round(row.medianNanos())),
                    String.format(Locale.ROOT, "%.1f%%", 100 * row.spread()),
                    Long.toString(row.insns()),
                    String.format(Locale.ROOT, "%.2f", row.medianNanos() / Math.max(row.insns(), 1)),
                    row.nanosPerRun().length + " x " + row.runsPerSample(),
                    row.returnsInt() ? Long.toString(row.result()) : "0x" + Long.toHexString(row.r0()));
        }

        @Override
        public void end() {
            if (!table.isEmpty()) {
                out.print(table.render(style));
            }
        }
    }

    private static final class Tsv extends BenchReport {
        Tsv(PrintWriter out) {
            super(out);
        }

        @Override
        public void begin() {
            out.print("program\tbest_ns\tmedian_ns\tr0\n");
        }

        @Override
        public void add(BenchRow row) {
            out.print(String.format(
                    Locale.ROOT,
                    "%s\t%.0f\t%.0f\t%d\n",
                    row.program(),
                    row.bestNanos(),
                    row.medianNanos(),
                    row.result()));
            out.flush();
        }
    }

    private static final class JsonReport extends BenchReport {
        private final List<BenchRow> rows = new ArrayList<>();

        JsonReport(PrintWriter out) {
            super(out);
        }

        @Override
        public void add(BenchRow row) {
            rows.add(row);
        }

        @Override
        public void end() {
            out.print(Json.document(json -> Json.objects(json, rows, row -> {
                json.writeStringField("program", row.program());
                json.writeNumberField("best_ns", row.bestNanos());
                json.writeNumberField("lower_quartile_ns", row.lowerQuartileNanos());
                json.writeNumberField("median_ns", row.medianNanos());
                json.writeNumberField("upper_quartile_ns", row.upperQuartileNanos());
                json.writeFieldName("samples_ns");
                json.writeArray(row.nanosPerRun(), 0, row.nanosPerRun().length);
                json.writeNumberField("runs_per_sample", row.runsPerSample());
                json.writeNumberField("insns", row.insns());
                json.writeNumberField("r0", row.result());
            })));
        }
    }
}
