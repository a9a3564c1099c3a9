package dev.spinbpf.vm.jit;

/** Thrown for a program that stays interpreted. The message says why: {@code more than 65535 constants}. */
public final class NotCompilableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    /** @param reason why it stays interpreted */
    public NotCompilableException(String reason) {
        super(reason);
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
