package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.kernel.TypeFlags;

/**
 * An argument of a global function, by its BTF prototype.
 *
 * @param flags {@link TypeFlags}: PTR_MAYBE_NULL, PTR_TRUSTED, PTR_UNTRUSTED, MEM_RDONLY
 * @param memSize of {@link Kind#MEM}: bytes
 * @param btfId of {@link Kind#BTF_ID}: the struct in the kernel's types
 */
public record SubprogArg(Kind kind, int flags, long memSize, int btfId) {
    public SubprogArg(Kind kind) {
        this(kind, 0, 0, 0);
    }

    /** The kind of value that is passed. */
    public enum Kind {
        SCALAR,
        CTX,
        MEM,
        DYNPTR,
        BTF_ID,
        ARENA
    }
}
