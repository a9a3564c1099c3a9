package dev.spinbpf.verifier.refusal;

import dev.spinbpf.verifier.kernel.Tables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of kinds, and of the messages that belong to each. */
final class RefusalKinds {
    private static final String TABLES = "/dev/spinbpf/verifier/refusal/";
    private static final Map<String, RefusalKind> KINDS = readKinds();
    private static final Map<String, RefusalKind> MESSAGES = readMessages();

    private RefusalKinds() {}

    private static Map<String, RefusalKind> readKinds() {
        Map<String, RefusalKind> kinds = new LinkedHashMap<>();
        for (String[] row : Tables.rows(TABLES + "kinds.tsv")) {
            kinds.put(row[0], new RefusalKind(row[0], row[1], row[2], row[3]));
        }
        return kinds;
    }

    private static Map<String, RefusalKind> readMessages() {
        Map<String, RefusalKind> messages = new HashMap<>();
        for (String[] row : Tables.rows(TABLES + "message_kinds.tsv")) {
            messages.put(row[0], of(row[1]));
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
    static RefusalKind ofMessage(String name) {
        return MESSAGES.getOrDefault(name, of("instruction"));
    }

    /** The kinds by the names of their messages. */
    static Map<String, RefusalKind> messages() {
        return MESSAGES;
    }
}
