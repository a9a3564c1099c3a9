package dev.spinbpf.tools.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A table in plain text: columns padded to their widest cell, numbers to the right, two spaces between. */
public final class TextTable {
    private final List<String> header;
    private final List<List<String>> rows = new ArrayList<>();
    private final boolean[] right;

    /** @param header the columns' titles; a title that starts with {@code >} aligns its column to the right */
    public TextTable(String... header) {
        this.header = new ArrayList<>();
        this.right = new boolean[header.length];
        for (int column = 0; column < header.length; column++) {
            right[column] = header[column].startsWith(">");
            this.header.add(right[column] ? header[column].substring(1) : header[column]);
        }
    }

    /** Adds a row, one cell a column; a cell is one line, whatever is in it. */
    public void add(String... cells) {
        if (cells.length != header.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + header.size() + " columns");
        }
        rows.add(Stream.of(cells).map(Printable::line).toList());
    }

    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /** The whole table, each line ended by a line feed. */
    public String render(Style style) {
        int[] widths = new int[header.size()];
        for (int column = 0; column < widths.length; column++) {
            widths[column] = header.get(column).length();
            for (List<String> row : rows) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        StringBuilder text = new StringBuilder();
        text.append(style.bold(line(header, widths))).append('\n');
        for (List<String> row : rows) {
            text.append(line(row, widths)).append('\n');
        }
        return text.toString();
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String cell = cells.get(column);
            String padding = " ".repeat(widths[column] - cell.length());
            text.append(column == 0 ? "" : "  ").append(right[column] ? padding + cell : cell + padding);
        }
        return text.toString().stripTrailing();
    }
}
