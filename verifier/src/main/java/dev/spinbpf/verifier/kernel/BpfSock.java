package dev.spinbpf.verifier.kernel;

/** {@code struct bpf_sock}: fields by their offset in bytes. */
public final class BpfSock {
    public static final int BOUND_DEV_IF = 0;
    static final int FAMILY = 4;
    static final int TYPE = 8;
    static final int PROTOCOL = 12;
    public static final int MARK = 16;
    public static final int PRIORITY = 20;
    public static final int SRC_IP4 = 24;
    public static final int SRC_IP6 = 28;
    public static final int SRC_PORT = 44;
    public static final int DST_PORT = 48;
    static final int DST_IP4 = 52;
    static final int DST_IP6 = 56;
    static final int STATE = 72;
    static final int RX_QUEUE_MAPPING = 76;
    static final int SIZE = 80;

    private BpfSock() {}

    /** Whether the access has a size that the field allows. */
    public static boolean isValid(int off, int size) {
        if (off < 0 || off >= SIZE || off % size != 0) {
            return false;
        }
        if (off >= DST_PORT && off < DST_PORT + Short.BYTES) {
            int field = size == Integer.BYTES ? Integer.BYTES : Short.BYTES;
            return NarrowAccess.isAllowed(off, size, field);
        }
        if (off >= DST_PORT + Short.BYTES && off < DST_IP4) {
            return false;
        }
        boolean narrow = off == FAMILY
                || off == TYPE
                || off == PROTOCOL
                || off == STATE
                || off == RX_QUEUE_MAPPING
                || off == SRC_PORT
                || off >= SRC_IP4 && off < SRC_PORT
                || off >= DST_IP4 && off < STATE;
        return narrow ? NarrowAccess.isAllowed(off, size, Integer.BYTES) : size == Integer.BYTES;
    }
}
