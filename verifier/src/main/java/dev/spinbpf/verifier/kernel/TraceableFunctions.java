package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Functions of which Linux says more, by name, than their types do. */
public final class TraceableFunctions {
    /** Ends a row that holds for all functions whose names begin so. */
    private static final String ANY = "*";

    private final Map<String, Set<String>> named = new HashMap<>();
    private final Map<String, Set<String>> prefixed = new HashMap<>();

    TraceableFunctions(KernelVersion version) {
        for (String[] row : Tables.rows("functions.tsv", version)) {
            Set<String> says = Tables.words(row[1]);
            if (row[0].endsWith(ANY)) {
                prefixed.put(row[0].substring(0, row[0].length() - ANY.length()), says);
            } else {
                named.put(row[0], says);
            }
        }
    }

    /** Returns whether programs on the function may sleep. */
    public boolean isSleepable(String function) {
        return has(function, "sleepable");
    }

    /** Returns whether programs may change the function's result. */
    public boolean isModifiable(String function) {
        return has(function, "modifiable");
    }

    /** Returns whether nothing may trace the function. */
    public boolean isDenied(String function) {
        return has(function, "denied");
    }

    /** Returns whether the function never returns, so that nothing can run when it does. */
    public boolean neverReturns(String function) {
        return has(function, "noreturn");
    }

    /** Returns whether the kernel's types name the function although no code of its own is there. */
    public boolean hasNoAddress(String function) {
        return has(function, "inlined");
    }

    /** Returns true if the table of functions lists the property for the function. */
    boolean has(String function, String property) {
        if (named.getOrDefault(function, Set.of()).contains(property)) {
            return true;
        }
        for (Map.Entry<String, Set<String>> row : prefixed.entrySet()) {
            if (function.startsWith(row.getKey()) && row.getValue().contains(property)) {
                return true;
            }
        }
        return false;
    }
}
