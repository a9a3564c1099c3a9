package dev.spinbpf.vm.exec;

/**
 * Thrown when a program calls {@code bpf_throw}. It ends the run, whose result the program's exception callback makes
 * of the cookie.
 */
public final class ThrownException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long cookie;

    /** @param cookie what the program passed */
    public ThrownException(long cookie) {
        super("bpf_throw", null, false, false);
        this.cookie = cookie;
    }

    long cookie() {
        return cookie;
    }
}
