package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.model.AttachType;
import dev.spinbpf.programs.model.ProgType;
import dev.spinbpf.verifier.state.Errno;
import dev.spinbpf.verifier.state.VerifierEnv;

/** Which C types a function may declare for the program's context. */
final class ContextTypes {
    private ContextTypes() {}

    /** The struct that the kernel declares for programs of this kind, or an empty string if it has no name. */
    private static String structName(ProgType type) {
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
            case UNSPEC, TRACEPOINT, TRACING, LIRC_MODE2, STRUCT_OPS, EXT, LSM, SYSCALL -> "";
        };
    }

    private static int skipQualifiers(Btf btf, int typeId) {
        int at = typeId;
        while (btf.type(at) instanceof BtfType.Modifier modifier) {
            at = modifier.typeId();
        }
        return at;
    }

    private static boolean isUserRegs(Btf btf, int typeId) {
        return btf.type(skipQualifiers(btf, typeId)) instanceof BtfType.Typedef typedef
                && typedef.name().equals("bpf_user_pt_regs_t");
    }

    /** Whether a pointer to this type is a pointer to the context, by the type alone. */
    static boolean isContext(VerifierEnv env, int targetId) {
        Btf btf = env.btf();
        ProgType type = env.program().type();
        if (type == ProgType.KPROBE && isUserRegs(btf, targetId)) {
            return true;
        }
        if (!(btf.resolved(targetId) instanceof BtfType.Composite struct)) {
            return false;
        }
        String wanted = structName(type);
        String name = struct.name();
        if (type == ProgType.KPROBE && name.equals("bpf_user_pt_regs_t")) {
            return true;
        }
        return !wanted.isEmpty()
                && (name.equals(wanted)
                        || (wanted.equals("__sk_buff") && name.equals("sk_buff"))
                        || (wanted.equals("xdp_md") && name.equals("xdp_buff")));
    }

    /** Refuses a type that an argument tagged as context must not have. */
    static void checkTagged(VerifierEnv env, int targetId, int arg) {
        Btf btf = env.btf();
        ProgType type = env.program().type();
        boolean probes = type == ProgType.KPROBE || type == ProgType.PERF_EVENT;
        if (probes && isUserRegs(btf, targetId)) {
            return;
        }
        BtfType target = btf.resolved(targetId);
        if (target instanceof BtfType.Void) {
            return;
        }
        if (target.name().isEmpty()) {
            throw env.reject(Errno.EINVAL, "arg#%d type doesn't have a name", arg);
        }
        if (isSpecialCase(env, target)) {
            return;
        }
        String wanted = structName(type);
        if (wanted.isEmpty()) {
            throw env.reject(Errno.EINVAL, "arg#%d should be void pointer", arg);
        }
        if (!(target instanceof BtfType.Composite struct)
                || struct.isUnion()
                || !struct.name().equals(wanted)) {
            throw env.reject(Errno.EINVAL, "arg#%d should be `struct %s *`", arg, wanted);
        }
    }

    private static boolean isSpecialCase(VerifierEnv env, BtfType target) {
        boolean struct = target instanceof BtfType.Composite composite && !composite.isUnion();
        boolean u64 = target instanceof BtfType.Int number && number.sizeBytes() == Long.BYTES;
        return switch (env.program().type()) {
            case KPROBE, PERF_EVENT -> struct && target.name().equals("pt_regs");
            case RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE, LSM, STRUCT_OPS -> u64;
            case TRACEPOINT, SYSCALL, EXT -> true;
            case TRACING -> isTracingCase(env.program().attachType(), target, struct, u64);
            default -> false;
        };
    }

    private static boolean isTracingCase(AttachType attach, BtfType target, boolean struct, boolean u64) {
        return switch (attach) {
            case TRACE_RAW_TP -> u64 || (struct && target.name().equals("bpf_raw_tracepoint_args"));
            case TRACE_ITER -> struct && target.name().startsWith("bpf_iter__");
            case TRACE_FENTRY, TRACE_FEXIT, MODIFY_RETURN, TRACE_FSESSION -> u64;
            default -> false;
        };
    }
}
