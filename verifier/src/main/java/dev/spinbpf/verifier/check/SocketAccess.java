package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.Exploration;
import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.state.RegState;

/** Fields that programs may read of the structs that stand for sockets. */
final class SocketAccess {
    private SocketAccess() {}

    static void check(Exploration path, Access access) {
        RegState reg = access.reg();
        if (reg.smin() < 0) {
            throw path.reject(Errno.EACCES, Message.OFFSET_MAY_BE_NEGATIVE, access.name());
        }
        int off = access.off();
        int size = access.size();
        String struct =
                switch (reg.type()) {
                    case PTR_TO_SOCKET, PTR_TO_SOCK_COMMON -> "bpf_sock";
                    case PTR_TO_TCP_SOCK -> "bpf_tcp_sock";
                    case PTR_TO_XDP_SOCK -> "bpf_xdp_sock";
                    default -> "";
                };
        boolean valid =
                path.unit().kernel().contexts().findBehind(struct, reg.type().name(), off, size) != null;
        if (!valid) {
            throw path.reject(Errno.EACCES, Message.INVALID_SOCKET_ACCESS, access.name(), reg.typeText(), off, size);
        }
    }
}
