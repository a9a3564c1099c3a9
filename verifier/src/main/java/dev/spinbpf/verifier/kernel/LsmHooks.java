package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.linux.KernelVersion;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Hooks of the Linux security modules, where programs decide whether the kernel may do something. */
public final class LsmHooks {
    /** Prefix of the functions that programs attach to. */
    public static final String PREFIX = "bpf_lsm_";

    private final Map<String, Set<String>> hooks = new HashMap<>();

    LsmHooks(KernelVersion version) {
        for (String[] row : Tables.rows("lsm_hooks.tsv", version)) {
            hooks.put(PREFIX + row[0], Tables.words(row[1]));
        }
    }

    /** Returns whether the function is one that Linux calls for a hook. */
    public boolean exists(String function) {
        return hooks.containsKey(function);
    }

    /** Returns whether programs may not attach to the hook. */
    public boolean isDisabled(String function) {
        return has(function, "disabled");
    }

    /** Returns whether programs on the hook may sleep. */
    public boolean isSleepable(String function) {
        return has(function, "sleepable");
    }

    /** Returns whether the hook's arguments are valid objects. */
    public boolean isTrusted(String function) {
        return !has(function, "untrusted");
    }

    /** Returns whether the hook has no result. */
    public boolean returnsVoid(String function) {
        return has(function, "void");
    }

    /** Returns what the hook may return, and programs on it; null if it returns nothing. */
    public @Nullable RetvalRange returnRange(String function) {
        if (returnsVoid(function)) {
            return null;
        }
        return has(function, "bool") ? new RetvalRange(0, 1, true) : new RetvalRange(-KernelLimits.MAX_ERRNO, 0, true);
    }

    /** Returns true if the table of hooks lists the property for the function. */
    boolean has(String function, String property) {
        return hooks.getOrDefault(function, Set.of()).contains(property);
    }
}
