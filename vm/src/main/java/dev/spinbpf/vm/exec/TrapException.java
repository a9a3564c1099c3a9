package dev.spinbpf.vm.exec;

/** Stops the program run that raises it; becomes a {@link Fault}. */
public final class TrapException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** @param reason what went wrong, with the address or value */
    public TrapException(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
