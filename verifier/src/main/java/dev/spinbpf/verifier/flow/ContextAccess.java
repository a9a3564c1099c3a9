package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegState;
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
    RegState check(Exploration path, int off, int sizeBytes, boolean write, boolean signExtend);

    /** Whether the context may be accessed through a pointer that was moved by a constant (Linux does not rewrite it). */
    boolean allowsFixedOffset(Exploration path);
}
