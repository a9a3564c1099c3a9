package dev.spinbpf.verifier.kernel;

/** Kinds of arguments of helpers: Linux's {@code enum bpf_arg_type} without flags. */
public enum ArgKind {
    DONTCARE,
    CONST_MAP_PTR,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_ARENA,
    CONST_SIZE,
    CONST_SIZE_OR_ZERO,
    PTR_TO_CTX,
    ANYTHING,
    SCALAR,
    PTR_TO_SPIN_LOCK,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_BTF_ID,
    PTR_TO_RINGBUF_MEM,
    CONST_ALLOC_SIZE_OR_ZERO,
    PTR_TO_BTF_ID_SOCK_COMMON,
    PTR_TO_PERCPU_BTF_ID,
    PTR_TO_FUNC,
    PTR_TO_STACK,
    PTR_TO_CONST_STR,
    PTR_TO_TIMER,
    KPTR_XCHG_DEST,
    PTR_TO_DYNPTR
}
