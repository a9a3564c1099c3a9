package dev.spinbpf.tools.kernels;

/** Thrown when a file is no kernel, or cannot be read as one, or a kernel cannot be kept; the message says why. */
public final class KernelFileException extends Exception {
    private static final long serialVersionUID = 1;

    KernelFileException(String message) {
        super(message);
    }

    KernelFileException(String message, Throwable cause) {
        super(message, cause);
    }
}
