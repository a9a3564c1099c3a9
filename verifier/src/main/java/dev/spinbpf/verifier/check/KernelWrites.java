package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.UnsupportedFeature;
import dev.spinbpf.verifier.state.RegState;
import org.jspecify.annotations.Nullable;

/** Writes to objects of the kernel, which a few kinds of programs may make to a few members. */
final class KernelWrites {
    /** Members of {@code tcp_sock} that congestion control may write. */
    private static final String[] TCP_MEMBERS = {
        "sock.sk_pacing_rate",
        "sock.sk_pacing_status",
        "inet_connection_sock.icsk_ack.pending",
        "tcp_sock.snd_cwnd",
        "tcp_sock.snd_cwnd_cnt",
        "tcp_sock.snd_cwnd_stamp",
        "tcp_sock.snd_ssthresh",
        "tcp_sock.ecn_flags",
        "tcp_sock.app_limited"
    };

    private static final String TCP_PRIVATE = "inet_connection_sock.icsk_ca_priv";

    private KernelWrites() {}

    private record Range(long start, long end) {}

    /** Refuses a write that the program's kind may not make. */
    static void check(VerifierEnv env, RegState reg, boolean kernel, long off, int size) {
        String struct = reg.btfRef().btf().type(reg.btfRef().typeId()).name();
        switch (kernel ? env.program().type() : ProgType.UNSPEC) {
            case STRUCT_OPS -> structOps(env, reg, struct, off, size);
            case SCHED_CLS, SCHED_ACT, XDP ->
                throw new UnsupportedFeature("a write to kernel struct " + struct + " is not supported");
            default -> throw env.reject(Errno.EACCES, "only read is supported");
        }
    }

    private static void structOps(VerifierEnv env, RegState reg, String struct, long off, int size) {
        String target = String.valueOf(env.program().attachTarget());
        if (target.startsWith("tcp_congestion_ops")) {
            tcpSock(env, reg.btfRef().btf(), struct, off, size);
        } else if (target.startsWith("Qdisc_ops")) {
            qdisc(env, reg.btfRef().btf(), struct, off, size);
        } else if (target.startsWith("bpf_dummy_ops")) {
            dummyState(env, reg, struct, off, size);
        } else {
            throw new UnsupportedFeature("a write to kernel struct " + struct + " is not supported");
        }
    }

    private static void tcpSock(VerifierEnv env, Btf btf, String struct, long off, int size) {
        if (!struct.equals("tcp_sock")) {
            throw env.reject(Errno.EACCES, "only read is supported");
        }
        Range member = within(btf, off, TCP_PRIVATE);
        checkWithin(env, struct, member == null ? at(btf, off, TCP_MEMBERS) : member, off, size);
    }

    private static void qdisc(VerifierEnv env, Btf btf, String struct, long off, int size) {
        Range member =
                switch (struct) {
                    case "sk_buff" -> {
                        Range data = privateData(btf, off);
                        yield data == null ? at(btf, off, "sk_buff.tstamp") : data;
                    }
                    case "Qdisc" -> {
                        Range stats = within(btf, off, "Qdisc.qstats");
                        yield stats == null ? at(btf, off, "Qdisc.limit", "Qdisc.q.qlen") : stats;
                    }
                    default -> throw env.reject(Errno.EACCES, "only read is supported");
                };
        checkWithin(env, struct, member, off, size);
    }

    /** The bytes of a packet in which a packet scheduler keeps its own notes, if the offset lies there. */
    private static @Nullable Range privateData(Btf btf, long off) {
        Range cb = range(btf, "sk_buff.cb");
        Range data = range(btf, "qdisc_skb_cb.data");
        if (cb == null || data == null) {
            return null;
        }
        boolean inside = off >= cb.start + data.start && off < cb.start + data.end;
        return inside ? new Range(off, cb.start + data.end) : null;
    }

    private static void checkWithin(VerifierEnv env, String struct, @Nullable Range member, long off, int size) {
        if (member == null) {
            throw env.reject(Errno.EACCES, "no write support to %s at off %d", struct, off);
        }
        if (off + size > member.end) {
            throw env.reject(
                    Errno.EACCES,
                    "write access at off %d with size %d beyond the member of %s ended at %d",
                    off,
                    size,
                    struct,
                    member.end);
        }
    }

    private static @Nullable Range within(Btf btf, long off, String path) {
        Range member = range(btf, path);
        return member != null && off >= member.start && off < member.end ? member : null;
    }

    /** The member that begins at the offset, or null. */
    private static @Nullable Range at(Btf btf, long off, String... paths) {
        for (String path : paths) {
            Range member = range(btf, path);
            if (member != null && member.start == off) {
                return member;
            }
        }
        return null;
    }

    /** The bytes of a member, by the names of its struct and of the members that lead to it; null if it does not exist. */
    private static @Nullable Range range(Btf btf, String path) {
        String[] names = path.split("\\.", -1);
        int typeId = btf.find(names[0], BtfType.Composite.class);
        long start = 0;
        for (int i = 1; i < names.length; i++) {
            BtfType.Member member = member(btf, typeId, names[i]);
            if (member == null) {
                return null;
            }
            start += member.bitOffset() / Byte.SIZE;
            typeId = member.typeId();
        }
        return new Range(start, start + btf.sizeOf(typeId));
    }

    private static BtfType.@Nullable Member member(Btf btf, int typeId, String name) {
        if (!(btf.resolved(typeId) instanceof BtfType.Composite struct)) {
            return null;
        }
        for (BtfType.Member member : struct.members()) {
            if (member.name().equals(name)) {
                return member.bitSize() == 0 ? member : null;
            }
            if (member.name().isEmpty()) {
                BtfType.Member inner = member(btf, member.typeId(), name);
                if (inner != null) {
                    return new BtfType.Member(
                            name, inner.typeId(), member.bitOffset() + inner.bitOffset(), inner.bitSize());
                }
            }
        }
        return null;
    }

    private static void dummyState(VerifierEnv env, RegState reg, String struct, long off, int size) {
        if (!struct.equals("bpf_dummy_ops_state")) {
            throw env.reject(Errno.EACCES, "only access to bpf_dummy_ops_state is supported");
        }
        if (off + size > reg.btfRef().btf().sizeOf(reg.btfRef().typeId())) {
            throw env.reject(Errno.EACCES, "write access at off %d with size %d", off, size);
        }
    }
}
