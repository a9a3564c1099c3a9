package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.RunComparison;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.VerifyPrinter;
import dev.spinbpf.tools.report.VerifyRow;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code -C} and {@code --baseline}: two runs side by side. */
final class RunComparisons {
    @Option(
            names = {"-C", "--compare"},
            description =
                    "Compare the verdicts, instructions and states of two reports: the two FILEs are CSV that -o csv"
                            + " printed.")
    private boolean ofFiles;

    @Option(
            names = {"-B", "--baseline"},
            paramLabel = "CSV",
            description = "Compare this run with an earlier one's CSV report; exit code 1 if a verdict differs.")
    private @Nullable Path baseline;

    /** Returns whether the files are reports. */
    boolean isOfFiles() {
        return ofFiles;
    }

    /** Returns whether this run is compared. */
    boolean hasBaseline() {
        return baseline != null;
    }

    /** Compares two reports; returns the exit code. */
    int compare(List<Path> files, VerifyPrinter.Format format, PrintWriter out) throws InputException {
        if (files.size() != 2) {
            throw new InputException("-C compares two CSV reports, and " + files.size() + " files are given");
        }
        String first = text(files.get(0));
        String second = text(files.get(1));
        try {
            return print(RunComparison.of(first, second), format, out);
        } catch (IllegalArgumentException e) {
            throw new InputException("-C: a report " + e.getMessage());
        }
    }

    /** Compares a run with the baseline; returns the exit code. */
    int compareRun(List<VerifyRow> rows, VerifyPrinter.Format format, PrintWriter out) throws InputException {
        Path file = baseline;
        if (file == null) {
            return ExitCodes.GOOD;
        }
        try {
            return print(RunComparison.of(text(file), rows), format, out);
        } catch (IllegalArgumentException e) {
            throw new InputException("--baseline: " + InputFiles.shown(file) + " " + e.getMessage());
        }
    }

    private static int print(RunComparison comparison, VerifyPrinter.Format format, PrintWriter out) {
        boolean isCsv = format == VerifyPrinter.Format.CSV;
        out.print(isCsv ? comparison.csv() : comparison.table(Style.ofStandardOutput()));
        return comparison.isSame() ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    private static String text(Path file) throws InputException {
        return new String(InputFiles.bytesOf(file, true), StandardCharsets.UTF_8);
    }
}
