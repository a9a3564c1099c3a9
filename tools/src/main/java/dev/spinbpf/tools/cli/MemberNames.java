package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Names of the members of structs that programs implement: {@code enqueue}, {@code sched_ext_ops.enqueue}. */
final class MemberNames {
    /** The member that registers a struct; the others are called only where it returned 0. */
    private static final String INIT = "init";

    private static final String SCHEDULER = "sched_ext_ops";

    private MemberNames() {}

    /** Returns the programs that are for members of that name. */
    static List<Program> named(ProgramObject object, @Nullable String name) {
        return object.programs().stream()
                .filter(program -> program.type() == ProgType.STRUCT_OPS)
                .filter(program -> {
                    String place = Objects.requireNonNullElse(program.attachTarget(), "");
                    return place.contains(".") && (place.equals(name) || place.endsWith("." + name));
                })
                .toList();
    }

    /** Returns the program that has to run before a scheduler's other ones; null where there is none. */
    static @Nullable Program registration(ProgramObject object, Program chosen) {
        String place = Objects.requireNonNullElse(chosen.attachTarget(), "");
        int dot = place.indexOf('.');
        if (chosen.type() != ProgType.STRUCT_OPS || dot < 0 || !place.startsWith(SCHEDULER)) {
            return null;
        }
        return object.programs().stream()
                .filter(program -> place.substring(0, dot + 1).concat(INIT).equals(program.attachTarget()))
                .filter(program -> !program.equals(chosen))
                .findFirst()
                .orElse(null);
    }
}
