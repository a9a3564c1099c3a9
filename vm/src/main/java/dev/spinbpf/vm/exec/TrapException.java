package dev.spinbpf.vm.exec;

/** Stops the program run that raises it; becomes a {@link Fault}. */
public final class TrapException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final boolean stop;

    /** @param reason what went wrong, with the address or value */
    public TrapException(String reason) {
        this(reason, false);
    }

    private TrapException(String reason, boolean stop) {
        super(reason, null, false, false);
        this.reason = reason;
        this.stop = stop;
    }

    /** To be raised at a poll point, to end a run early without a fault. */
    public static TrapException stop() {
        return new TrapException("stopped", true);
    }

    boolean isStop() {
        return stop;
    }

    String reason() {
        return reason;
    }
}
