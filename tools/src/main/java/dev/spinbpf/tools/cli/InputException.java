package dev.spinbpf.tools.cli;

/** Input that cannot be used; the message names the file or option, the value and the remedy. */
final class InputException extends Exception {
    private static final long serialVersionUID = 1L;

    InputException(String message) {
        super(message);
    }
}
