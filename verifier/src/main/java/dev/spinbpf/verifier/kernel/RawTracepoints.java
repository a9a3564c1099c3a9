package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Tracepoints of which more is to say than their types do. */
public final class RawTracepoints {
    private static final Row ORDINARY = new Row(Set.of(), Set.of(), false);

    private final Map<String, Row> rows = new HashMap<>();

    private record Row(Set<String> nullable, Set<String> errors, boolean faultable) {}

    RawTracepoints(KernelVersion version) {
        for (String[] row : Tables.rows("raw_tracepoints.tsv", version)) {
            boolean faultable = row.length > 3 && row[3].equals("faultable");
            rows.put(row[0], new Row(Tables.words(row[1]), Tables.words(row[2]), faultable));
        }
    }

    /** Returns whether the argument of that number may be null. */
    public boolean mayBeNull(String tracepoint, int argument) {
        return row(tracepoint).nullable.contains(Integer.toString(argument));
    }

    /** Returns whether the argument of that number may be an error instead of a pointer. */
    public boolean mayBeError(String tracepoint, int argument) {
        return row(tracepoint).errors.contains(Integer.toString(argument));
    }

    /** True if programs on the tracepoint may sleep: it fires in system calls, where page faults are allowed. */
    public boolean isFaultable(String tracepoint) {
        return row(tracepoint).faultable;
    }

    private Row row(String tracepoint) {
        return rows.getOrDefault(tracepoint, ORDINARY);
    }
}
