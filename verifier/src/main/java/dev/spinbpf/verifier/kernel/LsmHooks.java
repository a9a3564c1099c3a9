package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelLimits;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Hooks of the Linux security modules, where programs decide whether the kernel may do something. */
public final class LsmHooks {
    /** What the functions that programs attach to begin with. */
    public static final String PREFIX = "bpf_lsm_";

    private static final Map<String, Set<String>> HOOKS = read();

    private LsmHooks() {}

    /** Whether the function is one that Linux calls for a hook. */
    public static boolean exists(String function) {
        return HOOKS.containsKey(function);
    }

    /** Whether programs may not attach to the hook. */
    public static boolean isDisabled(String function) {
        return has(function, "disabled");
    }

    /** Whether programs on the hook may sleep. */
    public static boolean isSleepable(String function) {
        return has(function, "sleepable");
    }

    /** Whether the hook's arguments are valid objects. */
    public static boolean isTrusted(String function) {
        return !has(function, "untrusted");
    }

    /** Whether the hook has no result. */
    public static boolean returnsVoid(String function) {
        return has(function, "void");
    }

    /** What the hook may return, and programs on it; null if it returns nothing. */
    public static @Nullable RetvalRange returnRange(String function) {
        if (returnsVoid(function)) {
            return null;
        }
        return has(function, "bool") ? new RetvalRange(0, 1, true) : new RetvalRange(-KernelLimits.MAX_ERRNO, 0, true);
    }

    /** Whether the table of hooks says so of the function: see there. */
    static boolean has(String function, String property) {
        return HOOKS.getOrDefault(function, Set.of()).contains(property);
    }

    private static Map<String, Set<String>> read() {
        Map<String, Set<String>> hooks = new HashMap<>();
        for (String[] row : Tables.rows("lsm_hooks.tsv")) {
            hooks.put(PREFIX + row[0], Set.of(row[1].split(",", -1)));
        }
        return hooks;
    }
}
