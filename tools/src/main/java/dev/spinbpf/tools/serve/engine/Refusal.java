package dev.spinbpf.tools.serve.engine;

/** Thrown when something that was asked of the engine cannot be done; nothing has changed then. */
public final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    /** Kinds of reasons. */
    public enum Kind {
        /** There is no such thing. */
        ABSENT,
        /** It does not go with what is there. */
        CONFLICT,
        /** It makes no sense. */
        INVALID,
        /** There is no room. */
        FULL,
        /** The machine did not get to it in time. */
        BUSY,
        /** It is not allowed. */
        DENIED
    }

    private final Kind kind;

    /** A refusal; the message is a sentence for the user. */
    public Refusal(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
