package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Targets of iterator programs: what is known of the arguments that they pass, by the arguments' names. */
public final class IteratorArguments {
    private final Map<String, Map<String, Argument>> targets = new HashMap<>();

    /** An argument, which may always be null. */
    public enum Argument {
        /** An object of the kernel. */
        OR_NULL,
        /** An object of the kernel that is certainly valid. */
        TRUSTED_OR_NULL,
        /** Memory that programs may write. */
        BUF_OR_NULL,
        /** Memory that programs may only read. */
        RDONLY_BUF_OR_NULL
    }

    IteratorArguments(KernelVersion version) {
        for (String[] row : Tables.rows("iterators.tsv", version)) {
            Map<String, Argument> arguments = new HashMap<>();
            for (int i = 1; i < row.length; i++) {
                int equals = row[i].indexOf('=');
                String kind = row[i].substring(equals + 1).toUpperCase(Locale.ROOT);
                arguments.put(row[i].substring(0, equals), Argument.valueOf(kind));
            }
            targets.put(row[0], arguments);
        }
    }

    /**
     * Returns the arguments of which the table says something.
     *
     * @throws UnsupportedFeature if it has no such target
     */
    public Map<String, Argument> arguments(String target) {
        Map<String, Argument> arguments = targets.get(target);
        if (arguments == null) {
            throw new UnsupportedFeature("iterator " + target + " is not supported");
        }
        return arguments;
    }
}
