package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.Columns;
import dev.spinbpf.tools.report.RowFilter;
import dev.spinbpf.tools.report.RowSelection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of veristat that choose the rows and columns of a report, and their order. */
final class RowOptions {
    @Option(
            names = {"-s", "--sort"},
            paramLabel = "COLUMNS",
            description = "Sort by columns, as in insns,file^ (^ ascending, v descending).")
    private @Nullable String sort;

    @Option(
            names = {"-f", "--filter"},
            paramLabel = "FILTER",
            description =
                    "Only rows that match: a program's name with *, FILE/PROGRAM, or insns>1000; !FILTER leaves them out. Several may be given.")
    private List<String> filters = List.of();

    @Option(
            names = {"-n", "--top-n"},
            paramLabel = "N",
            description = "Only the first rows.")
    private int most;

    @Option(
            names = {"-e", "--emit"},
            paramLabel = "COLUMNS",
            description =
                    "The columns of tables and CSV: file, prog, verdict, dur, insns, states, peak_states, prog_type, message.")
    private @Nullable String emitted;

    /** The rows that are meant. */
    RowSelection selection() throws InputException {
        if (most < 0) {
            throw new InputException("-n: " + most + " is less than 0");
        }
        String order = sort;
        return checked(() -> new RowSelection(
                filters.stream().map(RowFilter::parse).toList(),
                order == null ? null : RowSelection.order(order),
                most));
    }

    /** The columns that are meant; none for those that are usual. */
    List<Columns> columns() throws InputException {
        String names = emitted;
        return names == null ? List.of() : checked(() -> Columns.list(names));
    }

    private static <T> T checked(Supplier<T> parsed) throws InputException {
        try {
            return parsed.get();
        } catch (IllegalArgumentException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }
}
