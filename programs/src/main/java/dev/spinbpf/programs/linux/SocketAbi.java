package dev.spinbpf.programs.linux;

/** Numbers of socket addresses and options, with the kernel's names and values. */
public final class SocketAbi {
    public static final int AF_INET = 2;
    public static final int AF_INET6 = 10;
    public static final int SOCK_STREAM = 1;
    public static final int IPPROTO_TCP = 6;
    public static final int SOL_SOCKET = 1;

    private SocketAbi() {}
}
