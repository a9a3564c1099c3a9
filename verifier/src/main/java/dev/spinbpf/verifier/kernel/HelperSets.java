package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The helpers that each kind of program may call, and the prototypes. */
public final class HelperSets {
    private static final String NONE = "-";
    private final Map<String, HelperSet> sets = new HashMap<>();
    private final HelperProtos protos;
    private final Kernel kernel;

    HelperSets(Kernel kernel) {
        this.kernel = kernel;
        protos = new HelperProtos(kernel.version());
        HelperSet current = new HelperSet(NONE, NONE, new HashMap<>());
        for (String[] row : Tables.rows("helper_sets.tsv", kernel.version())) {
            if (row[0].equals("set")) {
                current = new HelperSet(row[2], row[3], new HashMap<>());
                sets.put(row[1], current);
            } else {
                current.rows
                        .computeIfAbsent(row[0], key -> new ArrayList<>(1))
                        .add(new Row(row[1], row.length > 2 ? row[2] : ""));
            }
        }
    }

    /**
     * The prototype with which the program calls the helper, or null if programs of its kind cannot use it.
     *
     * @param helper the helper's name
     */
    public @Nullable HelperProto find(Program program, String helper) {
        String set = program.type() == ProgType.STRUCT_OPS
                ? kernel.structOps().rules(program.structName()).helperSet()
                : kernel.programTypes().helperSet(program.type());
        return set == null ? null : find(set, program, helper);
    }

    /** Returns what a helper does besides its prototypes; nothing if there is no such helper. */
    public HelperTraits traits(String helper) {
        return protos.traits(helper);
    }

    private @Nullable HelperProto find(String setName, Program program, String helper) {
        HelperSet set = Objects.requireNonNull(sets.get(setName), setName);
        int at = set.first.indexOf('@');
        String first = at < 0 ? set.first : set.first.substring(0, at);
        if (!first.equals(NONE) && (at < 0 || program.attachType().name().equals(set.first.substring(at + 1)))) {
            HelperProto found = find(first, program, helper);
            if (found != null) {
                return found;
            }
        }
        for (Row row : set.rows.getOrDefault(helper, List.of())) {
            if (holds(row.condition, program)) {
                if (row.proto.equals("?")) {
                    throw new UnsupportedFeature(
                            "helper " + helper + " in programs of section " + program.section() + " is not supported");
                }
                return row.proto.equals(NONE) ? null : protos.find(row.proto);
            }
        }
        HelperProto member = protos.member(setName, helper);
        return member != null || set.fallback.equals(NONE) ? member : find(set.fallback, program, helper);
    }

    private boolean holds(String condition, Program program) {
        if (condition.isEmpty()) {
            return true;
        }
        if (condition.equals("sleepable")) {
            return program.sleepable();
        }
        if (condition.equals("locked") || condition.equals("unlocked")) {
            return program.attachType() == AttachType.LSM_CGROUP
                    && kernel.lsmHooks().has(LsmHooks.PREFIX + program.attachTarget(), condition);
        }
        if (condition.startsWith("member:")) {
            return condition.endsWith(":" + program.memberName());
        }
        if (condition.startsWith("iter:")) {
            return program.attachType() == AttachType.TRACE_ITER
                    && List.of(condition.substring("iter:".length()).split(",", -1))
                            .contains(program.attachTarget());
        }
        boolean negated = condition.startsWith("!");
        String list = condition.substring(condition.indexOf(':') + 1);
        AttachType attached = program.attachType();
        return List.of(list.split(",", -1)).contains(attached.name()) != negated;
    }

    private record HelperSet(String first, String fallback, Map<String, List<Row>> rows) {}

    private record Row(String proto, String condition) {}
}
