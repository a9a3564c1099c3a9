package dev.spinbpf.verifier.state;

import dev.spinbpf.verifier.kernel.TypeFlags;

/** Contents of a register: Linux's {@code enum bpf_reg_type} without the flags, which {@link TypeFlags} has. */
public enum RegType {
    /** Nothing was written to the register. */
    NOT_INIT("?"),
    SCALAR_VALUE("scalar"),
    PTR_TO_CTX("ctx"),
    CONST_PTR_TO_MAP("map_ptr"),
    PTR_TO_MAP_VALUE("map_value"),
    PTR_TO_MAP_KEY("map_key"),
    PTR_TO_STACK("fp"),
    PTR_TO_PACKET_META("pkt_meta"),
    PTR_TO_PACKET("pkt"),
    PTR_TO_PACKET_END("pkt_end"),
    PTR_TO_FLOW_KEYS("flow_keys"),
    PTR_TO_SOCKET("sock"),
    PTR_TO_SOCK_COMMON("sock_common"),
    PTR_TO_TCP_SOCK("tcp_sock"),
    PTR_TO_TP_BUFFER("tp_buffer"),
    PTR_TO_XDP_SOCK("xdp_sock"),
    PTR_TO_BTF_ID("ptr_"),
    PTR_TO_MEM("mem"),
    PTR_TO_ARENA("arena"),
    PTR_TO_BUF("buf"),
    PTR_TO_FUNC("func"),
    PTR_TO_INSN("insn"),
    CONST_PTR_TO_DYNPTR("dynptr_ptr");

    private final String display;

    RegType(String display) {
        this.display = display;
    }

    /** The name in logs, without flags. */
    public String display() {
        return display;
    }

    /**
     * The name in logs and messages with its flags, as in {@code rdonly_mem_or_null}.
     *
     * @param flags {@link TypeFlags}
     */
    public String display(int flags) {
        var text = new StringBuilder();
        prefix(text, flags, TypeFlags.MEM_RDONLY, "rdonly_");
        prefix(text, flags, TypeFlags.MEM_RINGBUF, "ringbuf_");
        prefix(text, flags, TypeFlags.MEM_USER, "user_");
        prefix(text, flags, TypeFlags.MEM_PERCPU, "percpu_");
        prefix(text, flags, TypeFlags.MEM_RCU, "rcu_");
        prefix(text, flags, TypeFlags.PTR_UNTRUSTED, "untrusted_");
        prefix(text, flags, TypeFlags.PTR_TRUSTED, "trusted_");
        text.append(display);
        if ((flags & TypeFlags.PTR_MAYBE_NULL) != 0) {
            text.append(this == PTR_TO_BTF_ID ? "or_null_" : "_or_null");
        }
        return text.toString();
    }

    private static void prefix(StringBuilder text, int flags, int flag, String prefix) {
        if ((flags & flag) != 0) {
            text.append(prefix);
        }
    }
}
