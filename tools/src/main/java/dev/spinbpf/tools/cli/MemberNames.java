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
                .filter(MemberNames::isMember)
                .filter(program -> program.memberName().equals(name) || Objects.equals(program.attachTarget(), name))
                .toList();
    }

    private static boolean isMember(Program program) {
        return program.type() == ProgType.STRUCT_OPS && !program.structName().isEmpty();
    }

    /** Returns the program that has to run before a scheduler's other ones; null where there is none. */
    static @Nullable Program registration(ProgramObject object, Program chosen) {
        String place = chosen.attachTarget();
        if (place == null || !isMember(chosen) || !chosen.structName().equals(SCHEDULER)) {
            return null;
        }
        String init = place.substring(0, place.length() - chosen.memberName().length()) + INIT;
        return object.programs().stream()
                .filter(program -> init.equals(program.attachTarget()))
                .filter(program -> !program.equals(chosen))
                .findFirst()
                .orElse(null);
    }
}
