package dev.spinbpf.tools.report;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a report that are meant, and their order.
 *
 * @param filters a row is kept if one of those that do not leave out matches it, or there is none, and none that leaves out does
 * @param order the order; null for that of the files
 * @param most how many rows at most; 0 for all
 */
public record RowSelection(
        List<RowFilter> filters, @Nullable Comparator<VerifyRow> order, int most) {
    /** All rows, in the order of the files. */
    public static final RowSelection ALL = new RowSelection(List.of(), null, 0);

    private static final String DESCENDING = "v!._";
    private static final char ASCENDING = '^';

    /** Returns whether rows can be printed as they come. */
    public boolean isImmediate() {
        return order == null && most == 0;
    }

    /** Returns whether the row is meant. */
    public boolean includes(VerifyRow row) {
        boolean anyWanted = filters.stream().anyMatch(filter -> !filter.leavesOut());
        boolean wanted = filters.stream().anyMatch(filter -> !filter.leavesOut() && filter.test(row));
        return (!anyWanted || wanted) && filters.stream().noneMatch(filter -> filter.leavesOut() && filter.test(row));
    }

    /** Returns the rows that are meant, in order. */
    public List<VerifyRow> of(List<VerifyRow> rows) {
        Stream<VerifyRow> kept = rows.stream().filter(this::includes);
        kept = order == null ? kept : kept.sorted(order);
        return (most == 0 ? kept : kept.limit(most)).toList();
    }

    /**
     * Returns the lines of several kernels that are meant, in order. A line is meant if the row of one of the kernels is; its place
     * is that of the first kernel's row.
     */
    public List<MatrixRow> ofLines(List<MatrixRow> lines) {
        Stream<MatrixRow> kept =
                lines.stream().filter(line -> line.verdicts().stream().anyMatch(row -> row != null && includes(row)));
        Comparator<VerifyRow> ofRows = order;
        kept = ofRows == null ? kept : kept.sorted(Comparator.comparing(MatrixRow::first, ofRows));
        return (most == 0 ? kept : kept.limit(most)).toList();
    }

    /**
     * Reads an order as veristat spells it: columns with commas, each with {@code ^} for ascending or {@code v} for descending at
     * its end. Without them names ascend and numbers descend.
     *
     * @throws IllegalArgumentException if a column does not exist
     */
    public static Comparator<VerifyRow> order(String text) {
        Comparator<VerifyRow> order = null;
        for (String part : text.split(",", -1)) {
            Comparator<VerifyRow> one = orderOf(part.strip());
            order = order == null ? one : order.thenComparing(one);
        }
        return order == null ? Comparator.comparing(VerifyRow::fileName) : order;
    }

    private static Comparator<VerifyRow> orderOf(String part) {
        char last = part.isEmpty() ? ' ' : part.charAt(part.length() - 1);
        boolean marked = last == ASCENDING || (DESCENDING.indexOf(last) >= 0 && !isColumn(part));
        Columns column = Columns.named(marked ? part.substring(0, part.length() - 1) : part);
        boolean ascends = marked ? last == ASCENDING : !column.isNumber();
        return ascends ? column.order() : column.order().reversed();
    }

    private static boolean isColumn(String name) {
        try {
            Columns.named(name);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
