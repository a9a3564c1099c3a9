package dev.spinbpf.tools.snapshot;

/** A snapshot that cannot be read, written or used; the message says why, with the file's name. */
public final class SnapshotException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param message a clear sentence */
    public SnapshotException(String message) {
        super(message);
    }
}
