package dev.spinbpf.verifier.state;

import dev.spinbpf.verifier.kernel.TypeFlags;
import java.util.Locale;

/** Kinds of dynptr: what memory it describes. */
public enum DynptrType {
    LOCAL(TypeFlags.DYNPTR_TYPE_LOCAL),
    RINGBUF(TypeFlags.DYNPTR_TYPE_RINGBUF),
    SKB(TypeFlags.DYNPTR_TYPE_SKB),
    XDP(TypeFlags.DYNPTR_TYPE_XDP),
    SKB_META(TypeFlags.DYNPTR_TYPE_SKB_META),
    FILE(TypeFlags.DYNPTR_TYPE_FILE);

    private final int flag;

    DynptrType(int flag) {
        this.flag = flag;
    }

    /** The type flag of this kind. */
    public int flag() {
        return flag;
    }

    /** True if the dynptr must be released. */
    public boolean isReferenced() {
        return this == RINGBUF || this == FILE;
    }

    /** The name in logs. */
    public String display() {
        return name().toLowerCase(Locale.ROOT);
    }
}
