package dev.spinbpf.verifier.flow;

/**
 * Ends a verification: Linux would refuse the program. Control flow inside the verifier only; its entry point turns it
 * into a verdict. Made by {@link VerifierLog#reject}.
 */
public final class Rejection extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int errno;

    Rejection(int errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
    }

    /** A positive error number. */
    public int errno() {
        return errno;
    }

    /** The last line that was printed. */
    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
