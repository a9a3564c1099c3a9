package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.flow.Rejection;
import dev.spinbpf.verifier.kernel.Message;
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

    /** The members of a task that a scheduler may write: its slice, its virtual time in a queue, and {@code disallow}. */
    private static final String[] SCHEDULED_MEMBERS = {
        "task_struct.scx.slice", "task_struct.scx.dsq_vtime", "task_struct.scx.disallow"
    };

    private static final String TCP_PRIVATE = "inet_connection_sock.icsk_ca_priv";

    private KernelWrites() {}

    /** The fields that a module that tracks connections lets programs of packets write to. */
    private static final String CONNECTION = "nf_conn";

    private record Range(long start, long end) {}

    /** A write to a kernel's struct, through the register of that name. */
    private record Write(Exploration path, String name, String struct, long off, int size) {
        Rejection refused() {
            return path.reject(Errno.EACCES, Message.KERNEL_WRITE_REFUSED, name, struct, off, size);
        }
    }

    /** Refuses a write that the program's kind may not make. */
    static void check(Exploration path, RegState reg, String name, boolean kernel, long off, int size) {
        String struct = reg.btfRef().btf().type(reg.btfRef().typeId()).name();
        switch (kernel ? path.unit().program().type() : ProgType.UNSPEC) {
            case STRUCT_OPS -> structOps(path, reg, new Write(path, name, struct, off, size));
            case SCHED_CLS, SCHED_ACT, XDP -> {
                if (struct.startsWith(CONNECTION)) {
                    throw new UnsupportedFeature("a write to kernel struct " + struct + " is not supported");
                }
                throw new Write(path, name, struct, off, size).refused();
            }
            default -> throw path.reject(Errno.EACCES, Message.BTF_ONLY_READ);
        }
    }

    private static void structOps(Exploration path, RegState reg, Write write) {
        String target = String.valueOf(path.unit().program().attachTarget());
        if (target.startsWith("tcp_congestion_ops")) {
            tcpSock(reg.btfRef().btf(), write);
        } else if (target.startsWith("Qdisc_ops")) {
            qdisc(reg.btfRef().btf(), write);
        } else if (target.startsWith("sched_ext_ops")) {
            inside(reg.btfRef().btf(), write, "task_struct", SCHEDULED_MEMBERS);
        } else if (target.startsWith("bpf_dummy_ops")) {
            dummyState(reg, write);
        } else if (target.startsWith("io_uring_bpf_ops")) {
            inside(reg.btfRef().btf(), write, "iou_loop_params", "iou_loop_params.cq_wait_idx");
        } else {
            throw new UnsupportedFeature("a write to kernel struct " + write.struct + " is not supported");
        }
    }

    private static void tcpSock(Btf btf, Write write) {
        if (!write.struct.equals("tcp_sock")) {
            write.path.log().note(Message.BTF_ONLY_READ);
            throw write.refused();
        }
        Range member = within(btf, write.off, TCP_PRIVATE);
        checkWithin(write, member == null ? at(btf, write.off, TCP_MEMBERS) : member);
    }

    private static void qdisc(Btf btf, Write write) {
        Range member =
                switch (write.struct) {
                    case "sk_buff" -> {
                        Range data = privateData(btf, write.off);
                        yield data == null ? at(btf, write.off, "sk_buff.tstamp") : data;
                    }
                    case "Qdisc" -> {
                        Range stats = within(btf, write.off, "Qdisc.qstats");
                        yield stats == null ? at(btf, write.off, "Qdisc.limit", "Qdisc.q.qlen") : stats;
                    }
                    default -> {
                        write.path.log().note(Message.BTF_ONLY_READ);
                        throw write.refused();
                    }
                };
        checkWithin(write, member);
    }

    /** Refuses a write that is not inside one of some members of a struct. */
    private static void inside(Btf btf, Write write, String struct, String... members) {
        boolean isAllowed = false;
        for (String name : members) {
            Range member = within(btf, write.off, name);
            isAllowed |= member != null && write.off + write.size <= member.end;
        }
        if (!write.struct.equals(struct) || !isAllowed) {
            throw write.refused();
        }
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

    private static void checkWithin(Write write, @Nullable Range member) {
        if (member == null) {
            write.path.log().note(Message.KERNEL_WRITE_NOT_SUPPORTED, write.struct, write.off);
            throw write.refused();
        }
        if (write.off + write.size > member.end) {
            write.path.log().note(Message.KERNEL_WRITE_BEYOND_MEMBER, write.off, write.size, write.struct, member.end);
            throw write.refused();
        }
    }

    private static @Nullable Range within(Btf btf, long off, String name) {
        Range member = range(btf, name);
        return member != null && off >= member.start && off < member.end ? member : null;
    }

    /** The member that begins at the offset, or null. */
    private static @Nullable Range at(Btf btf, long off, String... names) {
        for (String name : names) {
            Range member = range(btf, name);
            if (member != null && member.start == off) {
                return member;
            }
        }
        return null;
    }

    /** The bytes of a member, by the names of its struct and of the members that lead to it; null if it does not exist. */
    private static @Nullable Range range(Btf btf, String name) {
        String[] names = name.split("\\.", -1);
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

    private static void dummyState(RegState reg, Write write) {
        if (!write.struct.equals("bpf_dummy_ops_state")) {
            write.path.log().note(Message.DUMMY_OPS_ONLY_STATE);
            throw write.refused();
        }
        if (write.off + write.size > reg.btfRef().btf().sizeOf(reg.btfRef().typeId())) {
            write.path.log().note(Message.KERNEL_WRITE_OUTSIDE, write.off, write.size);
            throw write.refused();
        }
    }
}
