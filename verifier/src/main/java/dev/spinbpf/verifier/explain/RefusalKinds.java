package dev.spinbpf.verifier.explain;

import dev.spinbpf.verifier.kernel.Message;
import dev.spinbpf.verifier.kernel.Tables;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of kinds, and of the messages that belong to each. */
final class RefusalKinds {
    /** A refusal by a loader that no other kind describes. */
    static final String LOADING = "loading";

    private static final String TABLES = "/dev/spinbpf/verifier/explain/";
    private static final Map<String, RefusalKind> KINDS = readKinds();
    private static final Map<Message, RefusalKind> MESSAGES = readMessages();

    private RefusalKinds() {}

    private static Map<String, RefusalKind> readKinds() {
        Map<String, RefusalKind> kinds = new LinkedHashMap<>();
        for (String[] row : Tables.rows(TABLES + "kinds.tsv")) {
            kinds.put(row[0], new RefusalKind(row[0], row[1], row[2], row[3]));
        }
        return kinds;
    }

    private static Map<Message, RefusalKind> readMessages() {
        Map<Message, RefusalKind> messages = new EnumMap<>(Message.class);
        for (String[] row : Tables.rows(TABLES + "message_kinds.tsv")) {
            messages.put(Message.valueOf(row[0]), of(row[1]));
        }
        return messages;
    }

    static List<RefusalKind> all() {
        return new ArrayList<>(KINDS.values());
    }

    static RefusalKind of(String id) {
        RefusalKind kind = KINDS.get(id);
        if (kind == null) {
            throw new IllegalArgumentException("no kind of refusal named '" + id + "'");
        }
        return kind;
    }

    /** The kind of a message; one that has no row is an {@code instruction} that is not allowed. */
    static RefusalKind of(Message message) {
        return MESSAGES.getOrDefault(message, of("instruction"));
    }

    /** The messages that have a kind. */
    static Map<Message, RefusalKind> messages() {
        return MESSAGES;
    }
}
