package dev.spinbpf.vm.exec;

/**
 * A program uses something that is not built here. The message names it: {@code helper bpf_xyz#123 is not supported}.
 */
public final class UnsupportedProgramException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String what;

    public UnsupportedProgramException(String message) {
        super(message);
        what = message;
    }

    /** Returns the message. */
    public String what() {
        return what;
    }
}
