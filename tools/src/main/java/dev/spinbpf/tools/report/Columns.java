package dev.spinbpf.tools.report;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The columns of a report, by veristat's names for them. */
public enum Columns {
    FILE("file_name", "File", "file", VerifyRow::fileName),
    PROG("prog_name", "Program", "prog", VerifyRow::progName),
    VERDICT("verdict", "Verdict", "verdict", row -> row.verdict().word()),
    DURATION("duration", ">Duration (us)", "dur", row -> Long.toString(row.durationMicros())),
    INSNS("total_insns", ">Insns", "insns", row -> Integer.toString(row.stats().insns())),
    STATES(
            "total_states",
            ">States",
            "states",
            row -> Integer.toString(row.stats().totalStates())),
    PEAK_STATES(
            "peak_states",
            ">Peak states",
            "peak_states",
            row -> Integer.toString(row.stats().peakStates())),
    PROG_TYPE("prog_type", "Type", "prog_type", VerifyRow::progType),
    MESSAGE("message", "Message", "message", row -> row.reason().message());

    private final String csvName;
    private final String header;
    private final String alias;
    private final Function<VerifyRow, String> value;

    Columns(String csvName, String header, String alias, Function<VerifyRow, String> value) {
        this.csvName = csvName;
        this.header = header;
        this.alias = alias;
        this.value = value;
    }

    /** The name in CSV. */
    public String csvName() {
        return csvName;
    }

    /** The heading in a table; {@code >} in front of numbers. */
    String header() {
        return header;
    }

    /** Returns whether the column holds numbers. */
    boolean isNumber() {
        return header.charAt(0) == '>';
    }

    String of(VerifyRow row) {
        return value.apply(row);
    }

    /** Compares rows by this column, numbers by their value. */
    Comparator<VerifyRow> order() {
        return isNumber() ? Comparator.comparingLong(row -> Long.parseLong(of(row))) : Comparator.comparing(this::of);
    }

    /**
     * Returns the column of that name, as CSV has it or short.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Columns named(String name) {
        String wanted = name.strip().toLowerCase(Locale.ROOT);
        for (Columns column : values()) {
            if (column.csvName.equals(wanted) || column.alias.equals(wanted)) {
                return column;
            }
        }
        String known = Arrays.stream(values()).map(column -> column.alias).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("no column named '" + name + "'; there are " + known);
    }

    /** Returns the columns of a list with commas. */
    public static List<Columns> list(String names) {
        return Arrays.stream(names.split(",", -1)).map(Columns::named).toList();
    }
}
