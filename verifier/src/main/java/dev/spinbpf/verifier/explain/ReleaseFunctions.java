package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.kernel.Endings;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;

/** The functions that release what other functions acquire. */
final class ReleaseFunctions {
    private static final Set<String> ALL = Endings.all().stream()
            .filter(beginning -> LockFunction.of(beginning.function()) == null)
            .flatMap(beginning -> beginning.endedBy().stream())
            .collect(Collectors.toUnmodifiableSet());

    private ReleaseFunctions() {}

    /** The functions that release what the named one returned; none if they are not known. */
    static Set<String> of(String acquire) {
        return new LinkedHashSet<>(Endings.of(acquire));
    }

    /** True if what the function is passed is gone afterwards. */
    static boolean isRelease(String function) {
        return ALL.contains(function);
    }
}
