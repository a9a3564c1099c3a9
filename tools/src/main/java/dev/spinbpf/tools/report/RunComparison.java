package dev.spinbpf.tools.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Two runs side by side as veristat compares them: for each program verdict, instructions and states of A, of B and the difference. */
public final class RunComparison {
    private static final List<Columns> COMPARED = List.of(Columns.VERDICT, Columns.INSNS, Columns.STATES);
    private static final String MISSING = "N/A";

    private final Map<String, Map<String, String>> first;
    private final Map<String, Map<String, String>> second;

    private RunComparison(Map<String, Map<String, String>> first, Map<String, Map<String, String>> second) {
        this.first = first;
        this.second = second;
    }

    /**
     * Compares two CSV reports.
     *
     * @throws IllegalArgumentException if one has no such columns
     */
    public static RunComparison of(String firstCsv, String secondCsv) {
        return new RunComparison(read(firstCsv), read(secondCsv));
    }

    /** Compares a CSV report with the rows of a run. */
    public static RunComparison of(String firstCsv, List<VerifyRow> rows) {
        Map<String, Map<String, String>> second = new LinkedHashMap<>();
        for (VerifyRow row : rows) {
            Map<String, String> values = new LinkedHashMap<>();
            for (Columns column : Columns.values()) {
                values.put(column.csvName(), column.of(row));
            }
            second.put(key(values), values);
        }
        return new RunComparison(read(firstCsv), second);
    }

    private static Map<String, Map<String, String>> read(String csv) {
        List<List<String>> records = Csv.records(csv);
        List<String> header = records.isEmpty() ? List.of() : records.getFirst();
        for (Columns column : List.of(Columns.FILE, Columns.PROG, Columns.VERDICT)) {
            if (!header.contains(column.csvName())) {
                throw new IllegalArgumentException("has no column " + column.csvName() + ", as 'verify -o csv' writes");
            }
        }
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        for (List<String> record : records.subList(1, records.size())) {
            Map<String, String> values = new LinkedHashMap<>();
            for (int i = 0; i < Math.min(header.size(), record.size()); i++) {
                values.put(header.get(i), record.get(i));
            }
            rows.put(key(values), values);
        }
        return rows;
    }

    private static String key(Map<String, String> values) {
        return values.getOrDefault(Columns.FILE.csvName(), "") + '\n' + values.getOrDefault(Columns.PROG.csvName(), "");
    }

    /** Returns whether all verdicts of programs in both runs are the same, and both have the same programs. */
    public boolean isSame() {
        return first.keySet().equals(second.keySet())
                && keys().stream().allMatch(key -> value(first, key, Columns.VERDICT)
                        .equals(value(second, key, Columns.VERDICT)));
    }

    private Set<String> keys() {
        Set<String> keys = new LinkedHashSet<>(first.keySet());
        keys.addAll(second.keySet());
        return keys;
    }

    private static String value(Map<String, Map<String, String>> run, String key, Columns column) {
        return run.getOrDefault(key, Map.of()).getOrDefault(column.csvName(), MISSING);
    }

    /** The comparison as a table for people. */
    public String table(Style style) {
        List<String> header = new ArrayList<>(List.of("File", "Program"));
        for (Columns column : COMPARED) {
            String name = column.header().replace(">", "");
            String right = column.isNumber() ? ">" : "";
            header.addAll(List.of(right + name + " (A)", right + name + " (B)", right + name + " (DIFF)"));
        }
        TextTable table = new TextTable(header.toArray(String[]::new));
        keys().forEach(key -> table.add(cells(key).toArray(String[]::new)));
        return table.render(style);
    }

    /** The comparison as CSV, with veristat's names of columns. */
    public String csv() {
        List<String> header = new ArrayList<>(List.of(Columns.FILE.csvName(), Columns.PROG.csvName()));
        for (Columns column : COMPARED) {
            header.addAll(List.of(column.csvName() + "_base", column.csvName() + "_comp", column.csvName() + "_diff"));
        }
        StringBuilder text = new StringBuilder(Csv.line(header)).append('\n');
        keys().forEach(key -> text.append(Csv.line(cells(key))).append('\n'));
        return text.toString();
    }

    private List<String> cells(String key) {
        int end = key.indexOf('\n');
        List<String> cells = new ArrayList<>(List.of(key.substring(0, end), key.substring(end + 1)));
        for (Columns column : COMPARED) {
            String a = value(first, key, column);
            String b = value(second, key, column);
            cells.addAll(List.of(a, b, column.isNumber() ? difference(a, b) : a.equals(b) ? "MATCH" : "MISMATCH"));
        }
        return cells;
    }

    private static String difference(String a, String b) {
        try {
            long from = Long.parseLong(a);
            long change = Math.subtractExact(Long.parseLong(b), from);
            double percent = from == 0 ? (change == 0 ? 0 : 100) : 100.0 * change / from;
            return String.format(Locale.ROOT, "%+d (%+.2f%%)", change, percent);
        } catch (NumberFormatException | ArithmeticException e) {
            return MISSING;
        }
    }
}
