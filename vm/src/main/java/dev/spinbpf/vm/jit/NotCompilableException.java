package dev.spinbpf.vm.jit;

/** Thrown for a program that stays interpreted. The message says why: {@code more than 65535 constants}. */
public final class NotCompilableException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message the reason */
    public NotCompilableException(String message) {
        super(message);
    }
}
