package dev.spinbpf.verifier.attach;

import dev.spinbpf.programs.linux.AttachType;
import dev.spinbpf.verifier.kernel.BpfSock;
import dev.spinbpf.verifier.kernel.NarrowAccess;
import dev.spinbpf.verifier.kernel.TypeFlags;
import dev.spinbpf.verifier.state.RegPayload;
import dev.spinbpf.verifier.state.RegState;
import dev.spinbpf.verifier.state.RegType;
import org.jspecify.annotations.Nullable;

/** Contexts of programs that see sockets rather than packets. */
final class SocketContexts {
    private static final int INT = Integer.BYTES;
    private static final int LONG = Long.BYTES;

    private SocketContexts() {}

    private static RegState socket(int flags) {
        return RegState.pointer(RegType.PTR_TO_SOCKET, flags, RegPayload.NONE);
    }

    private static RegState packet() {
        return RegState.pointer(RegType.PTR_TO_PACKET, 0, new RegPayload.PacketRange(0));
    }

    private static RegState packetEnd() {
        return RegState.pointer(RegType.PTR_TO_PACKET_END, 0, RegPayload.NONE);
    }

    private static @Nullable RegState given(boolean allowed) {
        return allowed ? RegState.UNKNOWN : null;
    }

    private static @Nullable RegState given(boolean allowed, RegState reg) {
        return allowed ? reg : null;
    }

    /** {@code struct bpf_sock} as the context of programs at socket creation and binding. */
    static @Nullable RegState sock(AttachType attach, int off, int size, boolean write) {
        if (!BpfSock.isValid(off, size)) {
            return null;
        }
        boolean create = attach == AttachType.CGROUP_INET_SOCK_CREATE || attach == AttachType.CGROUP_INET_SOCK_RELEASE;
        boolean bind4 = attach == AttachType.CGROUP_INET4_POST_BIND;
        boolean bind6 = attach == AttachType.CGROUP_INET6_POST_BIND;
        return switch (off) {
            case BpfSock.BOUND_DEV_IF, BpfSock.MARK, BpfSock.PRIORITY -> given(create);
            default -> {
                boolean allowed = true;
                if (off >= BpfSock.SRC_IP4 && off < BpfSock.SRC_IP6) {
                    allowed = bind4;
                } else if (off >= BpfSock.SRC_IP6 && off < BpfSock.SRC_PORT) {
                    allowed = bind6;
                } else if (off >= BpfSock.SRC_PORT && off < BpfSock.DST_PORT) {
                    allowed = bind4 || bind6;
                }
                yield given(allowed && !write);
            }
        };
    }

    /** {@code struct bpf_sock_addr}. */
    static @Nullable RegState sockAddr(AttachType attach, int off, int size, boolean write) {
        if (off < 0 || off >= 72 || off % size != 0 || !addressFamilyFits(attach, off)) {
            return null;
        }
        boolean address = off >= 4 && off < 28 || off >= 40 && off < 60;
        if (address) {
            boolean wide = size == LONG && (off == 8 || off == 16 || off == 44 || off == 52);
            return given(wide || (write ? size == INT : NarrowAccess.isAllowed(off, size, INT)));
        }
        if (off >= 64) {
            return given(!write && size == LONG, socket(0));
        }
        return given(!write && size == INT && (off == 0 || off >= 28 && off < 40));
    }

    private static boolean addressFamilyFits(AttachType attach, int off) {
        if (off >= 4 && off < 8) {
            return switch (attach) {
                case CGROUP_INET4_BIND,
                        CGROUP_INET4_CONNECT,
                        CGROUP_INET4_GETPEERNAME,
                        CGROUP_INET4_GETSOCKNAME,
                        CGROUP_UDP4_SENDMSG,
                        CGROUP_UDP4_RECVMSG -> true;
                default -> false;
            };
        }
        if (off >= 8 && off < 24) {
            return switch (attach) {
                case CGROUP_INET6_BIND,
                        CGROUP_INET6_CONNECT,
                        CGROUP_INET6_GETPEERNAME,
                        CGROUP_INET6_GETSOCKNAME,
                        CGROUP_UDP6_SENDMSG,
                        CGROUP_UDP6_RECVMSG -> true;
                default -> false;
            };
        }
        if (off >= 40 && off < 44) {
            return attach == AttachType.CGROUP_UDP4_SENDMSG;
        }
        return off < 44 || off >= 60 || attach == AttachType.CGROUP_UDP6_SENDMSG;
    }

    /** {@code struct bpf_sock_ops}. */
    static @Nullable RegState sockOps(int off, int size, boolean write) {
        if (off < 0 || off >= 224 || off % size != 0) {
            return null;
        }
        if (write) {
            return given(size == INT && (off == 4 || off == 164));
        }
        if (off >= 168 && off < 184 || off >= 216) {
            return given(size == LONG);
        }
        if (off >= 184 && off < 192) {
            return given(size == LONG, socket(TypeFlags.PTR_MAYBE_NULL));
        }
        if (off >= 192 && off < 200) {
            return given(size == LONG, packet());
        }
        if (off >= 200 && off < 208) {
            return given(size == LONG, packetEnd());
        }
        return given(off == 212 ? NarrowAccess.isAllowed(off, size, INT) : size == INT);
    }

    /** {@code struct sk_msg_md}. */
    static @Nullable RegState skMsg(int off, int size, boolean write) {
        if (write || off < 0 || off % size != 0) {
            return null;
        }
        if (off < 8) {
            return given(size == LONG, packet());
        }
        if (off < 16) {
            return given(size == LONG, packetEnd());
        }
        if (off < 72) {
            return given(size == INT);
        }
        return off < 80 ? given(size == LONG, socket(0)) : null;
    }

    /** {@code struct sk_reuseport_md}. */
    static @Nullable RegState skReuseport(int off, int size, boolean write) {
        if (write || off < 0 || off >= 56 || off % size != 0) {
            return null;
        }
        return switch (off) {
            case 0 -> given(size == LONG, packet());
            case 8 -> given(size == LONG, packetEnd());
            case 32 -> given(size == INT);
            case 40 -> given(size == LONG, socket(0));
            case 48 ->
                given(
                        size == LONG,
                        RegState.pointer(RegType.PTR_TO_SOCK_COMMON, TypeFlags.PTR_MAYBE_NULL, RegPayload.NONE));
            default -> {
                boolean protocol = off >= 20 && off < 24;
                boolean narrow = off >= 16 && off < 32 && NarrowAccess.isAllowed(off, size, INT);
                yield given(narrow && !(protocol && size < Short.BYTES));
            }
        };
    }

    /** {@code struct bpf_sk_lookup}. */
    static @Nullable RegState skLookup(int off, int size, boolean write) {
        if (write || off < 0 || off >= 72 || off % size != 0) {
            return null;
        }
        if (off < 8) {
            return given(size == LONG, socket(TypeFlags.PTR_MAYBE_NULL));
        }
        if (off >= 36 && off < 38) {
            return given(size == INT || NarrowAccess.isAllowed(off, size, Short.BYTES));
        }
        if (off >= 38 && off < 40) {
            return given(NarrowAccess.isAllowed(off, size, Short.BYTES));
        }
        return given(NarrowAccess.isAllowed(off, size, INT));
    }

    /** {@code struct bpf_sockopt}. */
    static @Nullable RegState sockopt(AttachType attach, int off, int size, boolean write) {
        if (off < 0 || off >= 40 || off % size != 0) {
            return null;
        }
        boolean get = attach == AttachType.CGROUP_GETSOCKOPT;
        if (write) {
            boolean allowed =
                    switch (off) {
                        case 24, 28 -> attach == AttachType.CGROUP_SETSOCKOPT;
                        case 32 -> true;
                        case 36 -> get;
                        default -> false;
                    };
            return given(allowed && size == INT);
        }
        return switch (off / LONG) {
            case 0 -> given(size == LONG, socket(0));
            case 1 -> given(size == LONG, packet());
            case 2 -> given(size == LONG, packetEnd());
            default -> given(size == INT && (off < 36 || get));
        };
    }

    /** {@code struct bpf_sysctl}. */
    static @Nullable RegState sysctl(int off, int size, boolean write) {
        if (off < 0 || off + size > 8 || off % size != 0) {
            return null;
        }
        if (write) {
            return given(off == 4 && size == INT);
        }
        return given(NarrowAccess.isAllowed(off, size, INT));
    }

    /** {@code struct bpf_cgroup_dev_ctx}. */
    static @Nullable RegState device(int off, int size, boolean write) {
        if (write || off < 0 || off + size > 12 || off % size != 0) {
            return null;
        }
        return given(off < INT ? NarrowAccess.isAllowed(off, size, INT) : size == INT);
    }
}
