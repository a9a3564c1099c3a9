package dev.spinbpf.verifier.state;

import org.jspecify.annotations.Nullable;

/** Which parts of the context a program of the given kind may read and write, and what it gets there. */
public interface ContextAccess {
    /**
     * Linux's {@code is_valid_access} of the program's type.
     *
     * @param off offset in the context, in bytes
     * @param sizeBytes width of the access
     * @return what a load gives (a scalar register for plain fields), or null if the access is not allowed; messages that
     *     Linux prints beforehand are printed to the environment's log
     */
    @Nullable
    Field check(VerifierEnv env, int off, int sizeBytes, boolean write, boolean signExtend);

    /** Size in bytes of the context, as far as variable offsets are concerned; 0 if they are not allowed. */
    int variableOffsetSize(VerifierEnv env);

    /** Whether a load of a pointer value with sign extension is refused, and so on. */
    boolean supportsContext(VerifierEnv env);

    /**
     * @param reg what the register holds after the load
     * @param isRetval the function's return value (its range is the hook's)
     */
    record Field(RegState reg, boolean isRetval) {}
}
