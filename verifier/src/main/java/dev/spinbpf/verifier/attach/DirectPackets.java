package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.kernel.HelperProto;

/** Which programs may read and write packets directly: Linux's {@code may_access_direct_pkt_data}. */
public final class DirectPackets {
    private DirectPackets() {}

    /** Whether a helper of the program may get a pointer into a packet. */
    public static boolean mayRead(VerifierEnv env, HelperProto proto) {
        return switch (env.program().type()) {
            case CGROUP_SOCKOPT -> true;
            default -> reads(env.program().type()) && proto.pktAccess();
        };
    }

    /** Whether programs of this type may read packets directly. */
    public static boolean reads(ProgType type) {
        return switch (type) {
            case LWT_IN, LWT_OUT, LWT_SEG6LOCAL, SK_REUSEPORT, FLOW_DISSECTOR, CGROUP_SKB -> true;
            default -> writes(type);
        };
    }

    /** Whether programs of this type may write to packets directly. */
    public static boolean writes(ProgType type) {
        return switch (type) {
            case SCHED_CLS, SCHED_ACT, XDP, LWT_XMIT, SK_SKB, SK_MSG, CGROUP_SOCKOPT -> true;
            default -> false;
        };
    }
}
