package dev.spinbpf.verifier.kernel;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tracepoints whose arguments are not always valid pointers. */
public final class RawTracepoints {
    private static final String NONE = "-";
    private static final Map<String, Row> ROWS = read();

    private RawTracepoints() {}

    private record Row(List<Integer> nullable, List<Integer> errors) {}

    /** Whether the argument of that number may be null. */
    public static boolean mayBeNull(String tracepoint, int argument) {
        Row row = ROWS.get(tracepoint);
        return row != null && row.nullable.contains(argument);
    }

    /** Whether the argument of that number may be an error instead of a pointer. */
    public static boolean mayBeError(String tracepoint, int argument) {
        Row row = ROWS.get(tracepoint);
        return row != null && row.errors.contains(argument);
    }

    /** Whether programs on the tracepoint may sleep: it fires in system calls, where page faults are allowed. */
    public static boolean isFaultable(String tracepoint) {
        return tracepoint.equals("sys_enter") || tracepoint.equals("sys_exit");
    }

    private static Map<String, Row> read() {
        Map<String, Row> rows = new HashMap<>();
        for (String[] row : Tables.rows("raw_tracepoints.tsv")) {
            rows.put(row[0], new Row(numbers(row[1]), numbers(row[2])));
        }
        return rows;
    }

    private static List<Integer> numbers(String text) {
        return text.equals(NONE)
                ? List.of()
                : List.of(text.split(",", -1)).stream().map(Integer::valueOf).toList();
    }
}
