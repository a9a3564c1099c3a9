package dev.spinbpf.tools.cli;

/** Thrown when {@code spinbpf map} cannot do what was asked; the message says why. */
final class MapCommandException extends Exception {
    private static final long serialVersionUID = 1L;

    MapCommandException(String message) {
        super(message);
    }
}
