package dev.spinbpf.verifier.kernel;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Helpers and kernel functions that acquire an object or begin a section, and those that release or end it: the attribute
 * {@code ended_by} of both tables. Pairs are the same in all releases that have the functions.
 */
public final class Endings {
    private static final String ENDED_BY = "ended_by:";
    private static final int HELPER_ATTRIBUTES = 2;
    private static final int KFUNC_FLAGS = 2;
    private static final int KFUNC_TRAITS = 3;

    private static final Map<String, Beginning> BEGINNINGS = new LinkedHashMap<>();

    static {
        for (String[] row : Tables.rows("helper_protos.tsv")) {
            add(row[0], Tables.words(row[HELPER_ATTRIBUTES]), false);
        }
        for (String[] row : Tables.rows("kfuncs.tsv")) {
            boolean mayFail = Tables.words(row[KFUNC_FLAGS]).contains(Kfunc.Flag.RET_NULL.name());
            add(row[0], Tables.words(row[KFUNC_TRAITS]), mayFail);
        }
    }

    private Endings() {}

    /**
     * A function that acquires an object or begins a section.
     *
     * @param function its name
     * @param traits all that the table says of it
     * @param endedBy the functions that release or end it; at least one
     * @param mayFail whether its result says that it did nothing
     */
    public record Beginning(String function, Set<String> traits, List<String> endedBy, boolean mayFail) {}

    private static void add(String function, Set<String> traits, boolean mayFail) {
        for (String trait : traits) {
            if (isEnding(trait)) {
                List<String> endedBy =
                        List.of(trait.substring(ENDED_BY.length()).split("\\|", -1));
                BEGINNINGS.put(function, new Beginning(function, traits, endedBy, mayFail));
            }
        }
    }

    /** Returns whether an attribute of a table is one that this class reads. */
    static boolean isEnding(String attribute) {
        return attribute.startsWith(ENDED_BY);
    }

    /** All functions that acquire an object or begin a section. */
    public static Collection<Beginning> all() {
        return BEGINNINGS.values();
    }

    /** Returns the functions that release or end what the named one acquires or begins; none if it does neither. */
    public static List<String> of(String function) {
        @Nullable Beginning beginning = BEGINNINGS.get(function);
        return beginning == null ? List.of() : beginning.endedBy();
    }
}
