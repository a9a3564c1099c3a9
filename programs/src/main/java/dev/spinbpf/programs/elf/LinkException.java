package dev.spinbpf.programs.elf;

/** One program, or one function, cannot be linked; others of the file may. */
final class LinkException extends Exception {
    private static final long serialVersionUID = 1L;

    LinkException(String reason) {
        super(reason);
    }
}
