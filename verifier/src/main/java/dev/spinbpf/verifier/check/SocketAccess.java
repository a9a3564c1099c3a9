package dev.spinbpf.verifier.check;

import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.verifier.flow.Access;
import dev.spinbpf.verifier.flow.VerifierEnv;
import dev.spinbpf.verifier.state.RegState;

/** Fields that programs may read of the structs that stand for sockets. */
final class SocketAccess {
    private static final int WORD = 4;

    private static final int SOCK_TYPE = 8;
    private static final int SOCK_PRIORITY_END = 24;
    private static final int SOCK_DST_PORT = 48;
    private static final int SOCK_BYTES = 80;

    private static final int TCP_BYTES_RECEIVED = 80;
    private static final int TCP_BYTES_ACKED = 88;
    private static final int TCP_SOCK_BYTES = 112;

    private static final int XDP_SOCK_BYTES = 4;

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
        boolean valid =
                switch (reg.type()) {
                    case PTR_TO_SOCKET -> isSockField(off, size);
                    case PTR_TO_SOCK_COMMON -> (off < SOCK_TYPE || off >= SOCK_PRIORITY_END) && isSockField(off, size);
                    case PTR_TO_TCP_SOCK -> isTcpField(off, size);
                    case PTR_TO_XDP_SOCK -> off >= 0 && off < XDP_SOCK_BYTES && off % size == 0 && size == WORD;
                    default -> false;
                };
        if (!valid) {
            throw env.reject(
                    Errno.EACCES, "%s invalid %s access off=%d size=%d", access.name(), reg.typeText(), off, size);
        }
    }

    /** A field of {@code struct bpf_sock}: words, most of which may be read in part. */
    private static boolean isSockField(int off, int size) {
        if (off < 0 || off >= SOCK_BYTES || off % size != 0) {
            return false;
        }
        if (off >= SOCK_DST_PORT && off < SOCK_DST_PORT + WORD) {
            return off < SOCK_DST_PORT + 2 && (size <= 2 || size == WORD);
        }
        boolean partsToo = off == 4
                || off == 8
                || off == 12
                || off == 44
                || off == 72
                || off == 76
                || (off >= 24 && off < 44)
                || (off >= 52 && off < 72);
        return size == WORD || (partsToo && size < WORD);
    }

    private static boolean isTcpField(int off, int size) {
        if (off < 0 || off >= TCP_SOCK_BYTES || off % size != 0) {
            return false;
        }
        return size == (off == TCP_BYTES_RECEIVED || off == TCP_BYTES_ACKED ? Long.BYTES : WORD);
    }
}
