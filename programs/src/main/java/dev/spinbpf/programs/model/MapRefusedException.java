package dev.spinbpf.programs.model;

/** Thrown where Linux does not create a map. The message is the reason in plain words, without the map's name. */
public final class MapRefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int errno;

    MapRefusedException(int errno, String reason) {
        super(reason);
        this.errno = errno;
    }

    /** Returns the positive error number that {@code bpf(BPF_MAP_CREATE)} fails with. */
    public int errno() {
        return errno;
    }

    /** Returns the reason in plain words. */
    public String reason() {
        return String.valueOf(getMessage());
    }
}
