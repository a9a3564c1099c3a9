package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.programs.model.Program;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The scheduler's kernel functions that a program may call. The kernel puts these functions into groups by the state that it is
 * in where they may be called, and admits each of a scheduler's functions to some of the groups.
 */
final class KfuncGroups {
    private static final String FILTER = "scx:";
    private static final String CPU_FILTER = "scx_cpu:";
    private static final String CPU = "cpu";
    private static final String ALL = "*";

    private final List<Row> rows = new ArrayList<>();

    private record Row(String hook, String struct, Set<String> members, Set<String> groups) {
        boolean fits(String programHook, Program program) {
            if (!hook.equals(programHook)) {
                return false;
            }
            return struct.equals(Tables.NOTHING)
                    || struct.equals(program.structName())
                            && (members.contains(ALL) || members.contains(program.memberName()));
        }
    }

    KfuncGroups(KernelVersion version) {
        for (String[] row : Tables.rows("kfunc_groups.tsv", version)) {
            rows.add(new Row(row[0], row[1], Tables.words(row[2]), Tables.words(row[3])));
        }
    }

    /** Returns whether the filter of a function's set names groups. */
    static boolean isGroupFilter(String filter) {
        return filter.startsWith(FILTER) || filter.startsWith(CPU_FILTER);
    }

    /** Returns whether a program of that hook is admitted to one of the groups that the filter names. */
    boolean isAdmitted(String filter, String hook, Program program) {
        Set<String> admitted = new HashSet<>();
        for (Row row : rows) {
            if (row.fits(hook, program)) {
                admitted.addAll(row.groups);
            }
        }
        if (filter.startsWith(CPU_FILTER) && !admitted.contains(CPU)) {
            return false;
        }
        for (String group : filter.substring(filter.indexOf(':') + 1).split("\\+", -1)) {
            if (admitted.contains(group)) {
                return true;
            }
        }
        return false;
    }
}
