package dev.spinbpf.tools.cli;

import java.io.PrintWriter;

/** The text for a fault of spinbpf itself: one line, and the trace for users who ask for it. */
final class InternalErrors {
    /** The advice for any such fault. */
    static final String HINT =
            "This is a fault of spinbpf, not of your program. Please report it with the file and this message;"
                    + " SPINBPF_DEBUG=1 shows the trace.";

    private static final int BYTES_PER_MIB = 1 << 20;
    private static final String DEBUG = "SPINBPF_DEBUG";

    private InternalErrors() {}

    /** Returns the advice for an error. */
    static String hint(Throwable error) {
        return error instanceof OutOfMemoryError
                ? "SPINBPF_JAVA_OPTS=-Xmx4g, for example, gives more memory. Please report a file of ordinary size that"
                        + " needs it; SPINBPF_DEBUG=1 shows the trace."
                : HINT;
    }

    /** Returns one line that says what happened and where. */
    static String message(Throwable error) {
        if (error instanceof OutOfMemoryError) {
            return "out of memory: a heap of " + Runtime.getRuntime().maxMemory() / BYTES_PER_MIB
                    + " MiB is too small for this";
        }
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        StringBuilder text =
                new StringBuilder("internal error: ").append(cause.getClass().getSimpleName());
        if (cause.getMessage() != null) {
            text.append(": ").append(cause.getMessage().replace('\n', ' '));
        }
        StackTraceElement[] trace = cause.getStackTrace();
        for (StackTraceElement frame : trace) {
            if (frame.getClassName().startsWith("dev.spinbpf.")) {
                return text.append(" (")
                        .append(frame.getFileName())
                        .append(':')
                        .append(frame.getLineNumber())
                        .append(')')
                        .toString();
            }
        }
        return text.toString();
    }

    /** Prints the message, the hint and, if the environment asks for it, the trace. */
    static void report(PrintWriter err, Throwable error) {
        err.println("spinbpf: " + message(error));
        err.println("  " + hint(error));
        traceIfAsked(err, error);
    }

    /** Prints the trace if the environment asks for it. */
    static void traceIfAsked(PrintWriter err, Throwable error) {
        String debug = System.getenv(DEBUG);
        if (debug != null && !debug.isEmpty() && !debug.equals("0")) {
            error.printStackTrace(err);
        }
    }
}
