package dev.spinbpf.programs.btf;

/** A CO-RE relocation cannot be resolved, not even to "does not exist": it is malformed or ambiguous. */
public final class CoreException extends Exception {
    private static final long serialVersionUID = 1L;

    CoreException(String reason) {
        super(reason);
    }
}
