package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.flow.ContextAccess;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.NarrowAccess;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** Which parts of its context each kind of program may access. */
public final class ContextRules implements ContextAccess {
    private static final int PT_REGS_BYTES = 168;
    private static final int MAX_TRACE_BYTES = 8192;
    private static final int MAX_SYSCALL_BYTES = 0xffff;

    @Override
    public boolean allowsFixedOffset(VerifierEnv env) {
        return switch (env.program().type()) {
            case KPROBE,
                    TRACEPOINT,
                    RAW_TRACEPOINT,
                    RAW_TRACEPOINT_WRITABLE,
                    TRACING,
                    LSM,
                    STRUCT_OPS,
                    SYSCALL,
                    CGROUP_DEVICE,
                    NETFILTER,
                    LIRC_MODE2 -> true;
            default -> false;
        };
    }

    @Override
    public @Nullable RegState check(VerifierEnv env, int off, int size, boolean write, boolean signExtend) {
        Program program = env.program();
        AttachType attach = program.attachType();
        return switch (program.type()) {
            case SOCKET_FILTER,
                    SCHED_CLS,
                    SCHED_ACT,
                    CGROUP_SKB,
                    LWT_IN,
                    LWT_OUT,
                    LWT_XMIT,
                    LWT_SEG6LOCAL,
                    SK_SKB,
                    FLOW_DISSECTOR -> SkbContext.check(program.type(), off, size, write, signExtend);
            case XDP -> xdp(attach, off, size, write, signExtend);
            case CGROUP_SOCK -> SocketContexts.sock(attach, off, size, write);
            case CGROUP_SOCK_ADDR -> SocketContexts.sockAddr(attach, off, size, write);
            case SOCK_OPS -> SocketContexts.sockOps(off, size, write);
            case SK_MSG -> SocketContexts.skMsg(off, size, write);
            case SK_REUSEPORT -> SocketContexts.skReuseport(off, size, write);
            case SK_LOOKUP -> SocketContexts.skLookup(off, size, write);
            case CGROUP_SOCKOPT -> SocketContexts.sockopt(attach, off, size, write);
            case CGROUP_SYSCTL -> SocketContexts.sysctl(off, size, write);
            case CGROUP_DEVICE -> SocketContexts.device(off, size, write);
            case KPROBE -> scalar(off >= 0 && off + size <= PT_REGS_BYTES && off % size == 0);
            case TRACEPOINT -> scalar(!write && off >= Long.BYTES && off < MAX_TRACE_BYTES && off % size == 0);
            case PERF_EVENT -> perfEvent(off, size, write);
            case RAW_TRACEPOINT -> scalar(TracedContext.isWithin(off, size, write));
            case SYSCALL -> scalar(off >= 0 && off < MAX_SYSCALL_BYTES);
            case RAW_TRACEPOINT_WRITABLE -> rawTracepointWritable(off, size, write);
            case TRACING -> TracedContext.check(env, off, size, write);
            case LSM -> TracedContext.argument(env, off, size);
            case NETFILTER -> netfilter(env, off, size, write);
            case STRUCT_OPS -> StructOpsTargets.context(env, off, size, write);
            case EXT -> {
                if (!TracedContext.isWithin(off, size, write)) {
                    yield null;
                }
                throw new UnsupportedFeature("context of programs of type "
                        + program.type().display() + " (" + program.section() + ") is not supported");
            }
            case LIRC_MODE2 -> scalar(!write && off == 0 && size == Integer.BYTES);
            case UNSPEC -> null;
        };
    }

    private static @Nullable RegState scalar(boolean allowed) {
        return allowed ? RegState.UNKNOWN : null;
    }

    private static @Nullable RegState rawTracepointWritable(int off, int size, boolean write) {
        if (!TracedContext.isWithin(off, size, write)) {
            return null;
        }
        if (off != 0) {
            return RegState.UNKNOWN;
        }
        return size == Long.BYTES ? RegState.pointer(RegType.PTR_TO_TP_BUFFER, 0, RegPayload.NONE) : null;
    }

    /** {@code struct bpf_nf_ctx}. */
    private static @Nullable RegState netfilter(VerifierEnv env, int off, int size, boolean write) {
        if (write || size != Long.BYTES) {
            return null;
        }
        return switch (off) {
            case 0 -> kernelObject(env, "nf_hook_state");
            case Long.BYTES -> kernelObject(env, "sk_buff");
            default -> null;
        };
    }

    private static RegState kernelObject(VerifierEnv env, String struct) {
        Btf btf = env.kernelTypes();
        int id = btf.find(struct, BtfType.Composite.class);
        if (id == 0) {
            throw new UnsupportedFeature("struct " + struct + " in the context of programs of type netfilter is not"
                    + " supported without the kernel's types");
        }
        return RegState.btfId(btf, id, TypeFlags.PTR_TRUSTED);
    }

    private static @Nullable RegState perfEvent(int off, int size, boolean write) {
        if (write || off < 0 || off >= KernelLimits.BPF_PERF_EVENT_DATA_BYTES || off % size != 0) {
            return null;
        }
        return scalar(off < PT_REGS_BYTES ? size == Long.BYTES : NarrowAccess.isAllowed(off, size, Long.BYTES));
    }

    /** {@code struct xdp_md}. */
    private static @Nullable RegState xdp(AttachType attach, int off, int size, boolean write, boolean signExtend) {
        if (write || off < 0 || off >= 24 || off % size != 0 || size != Integer.BYTES) {
            return null;
        }
        boolean pointer = off < 12;
        if (pointer && signExtend || off == 20 && attach != AttachType.XDP_DEVMAP) {
            return null;
        }
        return switch (off) {
            case 0 -> RegState.pointer(RegType.PTR_TO_PACKET, 0, new RegPayload.PacketRange(0));
            case 4 -> RegState.pointer(RegType.PTR_TO_PACKET_END, 0, RegPayload.NONE);
            case 8 -> RegState.pointer(RegType.PTR_TO_PACKET_META, 0, new RegPayload.PacketRange(0));
            default -> RegState.UNKNOWN;
        };
    }
}
