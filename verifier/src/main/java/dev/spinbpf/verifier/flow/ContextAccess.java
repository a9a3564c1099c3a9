package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/** Accesses to the context: the parts that a kind of program may read and write, and the values found there. */
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

    /** True if the context may be accessed through a pointer that was moved by a constant (Linux does not rewrite it). */
    boolean allowsFixedOffset(Exploration path);
}
