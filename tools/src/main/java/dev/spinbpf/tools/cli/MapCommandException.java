package dev.spinbpf.tools.cli;

/** What {@code spinbpf map} was asked for cannot be done; the message says why. */
final class MapCommandException extends Exception {
    private static final long serialVersionUID = 1L;

    MapCommandException(String message) {
        super(message);
    }
}
