package dev.spinbpf.verifier.kernel;

/** Kinds of results of helpers: Linux's {@code enum bpf_return_type} without flags. */
public enum RetKind {
    INTEGER,
    VOID,
    PTR_TO_MAP_VALUE,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    PTR_TO_SOCK_COMMON,
    PTR_TO_MEM,
    PTR_TO_MEM_OR_BTF_ID,
    PTR_TO_BTF_ID
}
