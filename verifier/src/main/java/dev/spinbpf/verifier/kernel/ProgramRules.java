package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.Program;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Properties of programs that follow from their type and from what they attach to. */
public final class ProgramRules {
    private static final String ALL = "*";
    private static final String NOT = "!";

    private final Map<Property, List<Row>> rows = new EnumMap<>(Property.class);
    private final List<Returns> returns = new ArrayList<>();
    private final Kernel kernel;

    /** A property; the table says what it means. */
    public enum Property {
        MAY_SLEEP,
        PRIVATE_STACK,
        FUNCTION_ADDRESS,
        SEES_RETURN,
        READS_RESULT,
        READS_INT_RESULT,
        TRUSTED_ARGUMENTS,
        MAY_RUN_IN_NMI,
        ITERATES_TASKS,
        UPDATES_SOCKMAPS,
        DELETES_FROM_SOCKMAPS,
        SOCKET_STORAGE,
        PRINTS_PATHS,
        HASHES_INODES;

        /** The property of that name in tables. */
        static Property of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }
    }

    /**
     * A kind of program.
     *
     * @param types names of program types
     * @param attachTypes names of attach types
     * @param excluded whether all attach types but these are meant
     */
    private record Kind(Set<String> types, Set<String> attachTypes, boolean excluded) {
        /** Reads the two columns of a table. */
        static Kind of(String types, String attachTypes) {
            boolean excluded = attachTypes.startsWith(NOT);
            String names = excluded ? attachTypes.substring(NOT.length()) : attachTypes;
            return new Kind(Tables.words(types), Tables.words(names), excluded);
        }

        boolean has(Program program) {
            return (types.contains(ALL) || types.contains(program.type().name()))
                    && (attachTypes.contains(ALL)
                            || attachTypes.contains(program.attachType().name()) != excluded);
        }
    }

    private record Row(Kind kind, @Nullable String target) {}

    private record Returns(Kind kind, @Nullable RetvalRange range) {}

    ProgramRules(Kernel kernel) {
        this.kernel = kernel;
        for (String[] row : Tables.rows("program_rules.tsv", kernel.version())) {
            rows.computeIfAbsent(Property.of(row[0]), property -> new ArrayList<>())
                    .add(new Row(Kind.of(row[1], row[2]), row.length > 3 ? row[3] : null));
        }
        for (String[] row : Tables.rows("return_values.tsv", kernel.version())) {
            boolean any = row[2].equals(Tables.NOTHING);
            RetvalRange range = any ? null : new RetvalRange(Integer.parseInt(row[2]), Integer.parseInt(row[3]));
            returns.add(new Returns(Kind.of(row[0], row[1]), range));
        }
    }

    /** Returns whether the program has the property. */
    public boolean has(Program program, Property property) {
        for (Row row : rows.getOrDefault(property, List.of())) {
            if (row.kind.has(program) && isAt(row.target, program)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The values that the program may return by the table of these, null for any. Hooks of security modules and
     * implementations of kernel functions have rules of their own.
     */
    public @Nullable RetvalRange returnRange(Program program) {
        for (Returns row : returns) {
            if (row.kind.has(program)) {
                return row.range;
            }
        }
        return null;
    }

    private boolean isAt(@Nullable String condition, Program program) {
        if (condition == null) {
            return true;
        }
        String target = Objects.requireNonNullElse(program.attachTarget(), "");
        if (condition.startsWith(NOT)) {
            return !target.startsWith(condition.substring(NOT.length(), condition.length() - ALL.length()));
        }
        String property = condition.substring(condition.indexOf(':') + 1);
        return program.type() == ProgType.LSM
                ? kernel.lsmHooks().has(LsmHooks.PREFIX + target, property)
                : kernel.functions().has(target, property);
    }
}
