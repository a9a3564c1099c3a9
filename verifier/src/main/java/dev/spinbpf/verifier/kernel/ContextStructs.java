package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.ProgType;
import org.jspecify.annotations.Nullable;

/** Structs of programs' contexts: the one that programs see, and the kernel's own. */
public final class ContextStructs {
    private ContextStructs() {}

    /** The struct that programs of the type get a pointer to, or null if it has no name. */
    public static @Nullable String userName(ProgType type) {
        return switch (type) {
            case SOCKET_FILTER,
                    SCHED_CLS,
                    SCHED_ACT,
                    CGROUP_SKB,
                    LWT_IN,
                    LWT_OUT,
                    LWT_XMIT,
                    LWT_SEG6LOCAL,
                    SK_SKB,
                    FLOW_DISSECTOR -> "__sk_buff";
            case XDP -> "xdp_md";
            case CGROUP_SOCK -> "bpf_sock";
            case CGROUP_SOCK_ADDR -> "bpf_sock_addr";
            case SOCK_OPS -> "bpf_sock_ops";
            case SK_MSG -> "sk_msg_md";
            case KPROBE -> "pt_regs";
            case PERF_EVENT -> "bpf_perf_event_data";
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> "bpf_raw_tracepoint_args";
            case CGROUP_DEVICE -> "bpf_cgroup_dev_ctx";
            case CGROUP_SYSCTL -> "bpf_sysctl";
            case CGROUP_SOCKOPT -> "bpf_sockopt";
            case SK_REUSEPORT -> "sk_reuseport_md";
            case SK_LOOKUP -> "bpf_sk_lookup";
            case NETFILTER -> "bpf_nf_ctx";
            default -> null;
        };
    }

    /** The kernel's struct behind the context, or null if there is none to cast to. */
    public static @Nullable String kernelName(ProgType type) {
        return switch (type) {
            case SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL, SK_SKB ->
                "sk_buff";
            case XDP -> "xdp_buff";
            case CGROUP_SOCK -> "sock";
            case CGROUP_SOCK_ADDR -> "bpf_sock_addr_kern";
            case SOCK_OPS -> "bpf_sock_ops_kern";
            case SK_MSG -> "sk_msg";
            case PERF_EVENT -> "bpf_perf_event_data_kern";
            case FLOW_DISSECTOR -> "bpf_flow_dissector";
            case CGROUP_SYSCTL -> "bpf_sysctl_kern";
            case CGROUP_SOCKOPT -> "bpf_sockopt_kern";
            case SK_REUSEPORT -> "sk_reuseport_kern";
            case SK_LOOKUP -> "bpf_sk_lookup_kern";
            case CGROUP_DEVICE -> "bpf_cgroup_dev_ctx";
            case NETFILTER -> "bpf_nf_ctx";
            default -> null;
        };
    }

    /** Whether a pointer to the named struct is a pointer to the context of such programs. */
    public static boolean isContext(String struct, ProgType type) {
        String name = userName(type);
        return name != null
                && (name.equals(struct)
                        || isProjection(name, struct)
                        || type == ProgType.KPROBE && struct.equals("bpf_user_pt_regs_t"));
    }

    /** Whether a kernel function that names one struct takes the kernel's form of it. */
    public static boolean isProjection(String named, String passed) {
        return named.equals("__sk_buff") && passed.equals("sk_buff")
                || named.equals("xdp_md") && passed.equals("xdp_buff");
    }
}
