package dev.spinbpf.verifier.kernel;

/** Qualities of register and argument types, as bits of an int: Linux's {@code enum bpf_type_flag}. */
public final class TypeFlags {
    public static final int PTR_MAYBE_NULL = 1;
    public static final int MEM_RDONLY = 1 << 1;
    public static final int MEM_RINGBUF = 1 << 2;
    public static final int MEM_USER = 1 << 3;
    public static final int MEM_PERCPU = 1 << 4;
    public static final int OBJ_RELEASE = 1 << 5;
    public static final int PTR_UNTRUSTED = 1 << 6;
    public static final int MEM_UNINIT = 1 << 7;
    public static final int DYNPTR_TYPE_LOCAL = 1 << 8;
    public static final int DYNPTR_TYPE_RINGBUF = 1 << 9;
    public static final int MEM_FIXED_SIZE = 1 << 10;
    public static final int MEM_ALLOC = 1 << 11;
    public static final int PTR_TRUSTED = 1 << 12;
    public static final int MEM_RCU = 1 << 13;
    public static final int NON_OWN_REF = 1 << 14;
    public static final int DYNPTR_TYPE_SKB = 1 << 15;
    public static final int DYNPTR_TYPE_XDP = 1 << 16;
    public static final int MEM_ALIGNED = 1 << 17;
    static final int MEM_WRITE = 1 << 18;
    public static final int DYNPTR_TYPE_SKB_META = 1 << 19;
    public static final int DYNPTR_TYPE_FILE = 1 << 20;

    /** All kinds of dynptr. */
    public static final int DYNPTR_TYPE_MASK = DYNPTR_TYPE_LOCAL
            | DYNPTR_TYPE_RINGBUF
            | DYNPTR_TYPE_SKB
            | DYNPTR_TYPE_XDP
            | DYNPTR_TYPE_SKB_META
            | DYNPTR_TYPE_FILE;

    /** Flags of pointers to BTF types that do not make an access unsafe. */
    public static final int REG_TRUSTED_MODIFIERS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;

    private TypeFlags() {}
}
