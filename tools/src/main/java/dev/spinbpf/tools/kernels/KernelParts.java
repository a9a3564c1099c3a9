package dev.spinbpf.tools.kernels;

import org.jspecify.annotations.Nullable;

/**
 * The parts of one kernel that were found in a file, or in several: each null where it was not there.
 *
 * @param release the release as {@code uname -r} prints it
 * @param types its types, in the binary form of BTF
 * @param config its configuration, as text
 */
public record KernelParts(@Nullable String release, byte @Nullable [] types, byte @Nullable [] config) {
    static final KernelParts NONE = new KernelParts(null, null, null);

    /** These parts, and those of the other that are missing here. */
    public KernelParts orElse(KernelParts other) {
        return new KernelParts(
                longer(release, other.release),
                types == null ? other.types : types,
                config == null ? other.config : config);
    }

    /** Configurations leave out what the distribution adds to the release. */
    private static @Nullable String longer(@Nullable String release, @Nullable String other) {
        boolean isBeginning = release == null || other != null && other.startsWith(release);
        return isBeginning ? other : release;
    }

    boolean isEmpty() {
        return types == null && config == null;
    }
}
