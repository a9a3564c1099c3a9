package dev.spinbpf.tools.report;

import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A filter of rows as veristat spells it: {@code insns>1000} or {@code verdict=failure} compares a column; anything else is a
 * pattern with {@code *} for the program, or {@code FILE/PROGRAM}; {@code !} in front leaves out what matches.
 */
public final class RowFilter implements Predicate<VerifyRow> {
    private static final Pattern COMPARISON = Pattern.compile("([a-z_]+)\\s*(==|!=|<>|<=|>=|=|<|>)\\s*(.+)");

    private final Predicate<VerifyRow> rows;
    private final boolean leavesOut;

    private RowFilter(Predicate<VerifyRow> rows, boolean leavesOut) {
        this.rows = rows;
        this.leavesOut = leavesOut;
    }

    /**
     * Reads a filter.
     *
     * @throws IllegalArgumentException if a column or number is wrong
     */
    public static RowFilter parse(String text) {
        boolean not = text.startsWith("!");
        String rest = not ? text.substring(1) : text;
        Matcher matcher = COMPARISON.matcher(rest);
        if (matcher.matches()) {
            return new RowFilter(comparison(Columns.named(matcher.group(1)), matcher.group(2), matcher.group(3)), not);
        }
        int slash = rest.indexOf('/');
        Pattern file = glob(slash < 0 ? "*" : rest.substring(0, slash));
        Pattern program = glob(rest.substring(slash + 1));
        BiPredicate<Pattern, String> matches =
                (pattern, name) -> pattern.matcher(name).matches();
        return new RowFilter(row -> matches.test(file, row.fileName()) && matches.test(program, row.progName()), not);
    }

    private static Predicate<VerifyRow> comparison(Columns column, String operator, String value) {
        if (!column.isNumber()) {
            return switch (operator) {
                case "=", "==" -> row -> column.of(row).equals(value);
                case "!=", "<>" -> row -> !column.of(row).equals(value);
                default ->
                    throw new IllegalArgumentException(
                            "'" + operator + "' compares numbers, and " + column.csvName() + " is none");
            };
        }
        long number = number(value);
        return row -> {
            int order = Long.compare(Long.parseLong(column.of(row)), number);
            return switch (operator) {
                case "=", "==" -> order == 0;
                case "!=", "<>" -> order != 0;
                case "<" -> order < 0;
                case "<=" -> order <= 0;
                case ">" -> order > 0;
                default -> order >= 0;
            };
        };
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is no whole number", e);
        }
    }

    private static Pattern glob(String text) {
        StringBuilder regex = new StringBuilder();
        for (String part : text.split("\\*", -1)) {
            regex.append(regex.isEmpty() ? "" : ".*")
                    .append("(?:")
                    .append(Pattern.quote(part))
                    .append(')');
        }
        return Pattern.compile(regex.toString());
    }

    /** Returns whether rows that do not match are kept. */
    public boolean leavesOut() {
        return leavesOut;
    }

    @Override
    public boolean test(VerifyRow row) {
        return rows.test(row);
    }
}
