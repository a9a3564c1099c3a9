package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.verifier.domain.Tnum;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegState;

/** Alignment of accesses: always demanded on the stack, elsewhere only of atomics. */
final class Alignment {
    private static final int NET_IP_ALIGN = 2;

    private Alignment() {}

    static void check(Exploration path, RegState reg, int off, int size, boolean strictOnce) {
        boolean strict = strictOnce;
        String what = "";
        switch (reg.type()) {
            case PTR_TO_PACKET, PTR_TO_PACKET_META -> {
                checkPacket(path, reg, off, size, strict);
                return;
            }
            case PTR_TO_ARENA -> {
                return;
            }
            case PTR_TO_STACK -> {
                what = "stack ";
                strict = true;
            }
            case PTR_TO_MAP_VALUE -> {
                what = "value ";
                strict |= !reg.mayBeNull() && reg.map().type() == MapType.INSN_ARRAY;
            }
            case PTR_TO_FLOW_KEYS -> what = "flow keys ";
            case PTR_TO_MAP_KEY -> what = "key ";
            case PTR_TO_CTX -> what = "context ";
            case PTR_TO_SOCKET -> what = "sock ";
            case PTR_TO_SOCK_COMMON -> what = "sock_common ";
            case PTR_TO_TCP_SOCK -> what = "tcp_sock ";
            case PTR_TO_XDP_SOCK -> what = "xdp_sock ";
            default -> {}
        }
        if (reg.flags() != 0) {
            what = "";
        }
        if (strict && isMisaligned(reg, off, size)) {
            throw path.reject(
                    Errno.EACCES, Message.MISALIGNED_ACCESS, what, reg.value().varOff(), off, size);
        }
    }

    private static void checkPacket(Exploration path, RegState reg, int off, int size, boolean strict) {
        if (strict && isMisaligned(reg, NET_IP_ALIGN + off, size)) {
            throw path.reject(
                    Errno.EACCES,
                    Message.MISALIGNED_PACKET_ACCESS,
                    NET_IP_ALIGN,
                    reg.value().varOff(),
                    off,
                    size);
        }
    }

    private static boolean isMisaligned(RegState reg, int off, int size) {
        return size != 1 && !reg.value().varOff().add(Tnum.constant(off)).isAligned(size);
    }
}
