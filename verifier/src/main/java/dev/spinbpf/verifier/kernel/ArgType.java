package dev.spinbpf.verifier.kernel;

import org.jspecify.annotations.Nullable;

/**
 * The type that a helper wants in a register.
 *
 * @param kind the base of the type
 * @param flags {@link TypeFlags}
 * @param sizeBytes size of memory of a fixed size, else 0
 * @param kernelType name of the kernel's struct pointed to, {@code *} if the call decides, null for others
 */
public record ArgType(
        ArgKind kind, int flags, int sizeBytes, @Nullable String kernelType) {
    static final ArgType DONTCARE = new ArgType(ArgKind.DONTCARE, 0, 0, null);

    public static ArgType of(ArgKind kind, int flags) {
        return new ArgType(kind, flags, 0, null);
    }

    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    public boolean mayBeNull() {
        return has(TypeFlags.PTR_MAYBE_NULL);
    }

    public boolean isRelease() {
        return has(TypeFlags.OBJ_RELEASE);
    }

    public boolean isWrite() {
        return has(TypeFlags.MEM_WRITE);
    }
}
