package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.kernel.Message;
import org.jspecify.annotations.Nullable;

/**
 * Ends a verification: Linux would refuse the program. Control flow inside the verifier only; its entry point turns it
 * into a verdict. Made by {@link VerifierLog#reject}.
 */
public final class Rejection extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int errno;

    private final @Nullable Message message;

    /** @param message the message that refuses; null where an earlier line of the log does */
    Rejection(int errno, @Nullable Message message, String text) {
        super(text, null, false, false);
        this.errno = errno;
        this.message = message;
    }

    /** True if it is this message that refuses. */
    public boolean is(Message expected) {
        return message == expected;
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
