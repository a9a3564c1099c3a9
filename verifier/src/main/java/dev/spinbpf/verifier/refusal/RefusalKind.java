package dev.spinbpf.verifier.refusal;

import java.util.List;

/**
 * A kind of refusal: the messages that mean the same mistake.
 *
 * @param id its name, in lower case with hyphens, as in {@code lock-order}
 * @param title what is wrong, in a few words
 * @param reason why Linux refuses it, a sentence
 * @param remedy what to change, a sentence
 */
public record RefusalKind(String id, String title, String reason, String remedy) {
    /** Returns all kinds, in the order in which they are listed. */
    public static List<RefusalKind> all() {
        return RefusalKinds.all();
    }

    /**
     * Returns the kind with this id.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static RefusalKind of(String id) {
        return RefusalKinds.of(id);
    }

    /** Returns the kind of the message with this name in {@code messages.tsv}. */
    public static RefusalKind ofMessage(String name) {
        return RefusalKinds.ofMessage(name);
    }
}
