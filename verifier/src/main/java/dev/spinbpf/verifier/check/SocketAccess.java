package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.RegState;

/** Fields that programs may read of the structs that stand for sockets. */
final class SocketAccess {
    private SocketAccess() {}

    static void check(VerifierEnv env, Access access) {
        RegState reg = access.reg();
        if (reg.smin() < 0) {
            throw env.reject(
                    Errno.EACCES,
                    "%s min value is negative, either use unsigned index or do a if (index >=0) check.",
                    access.name());
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
        boolean valid = env.kernel().contexts().findBehind(struct, reg.type().name(), off, size) != null;
        if (!valid) {
            throw env.reject(
                    Errno.EACCES, "%s invalid %s access off=%d size=%d", access.name(), reg.typeText(), off, size);
        }
    }
}
