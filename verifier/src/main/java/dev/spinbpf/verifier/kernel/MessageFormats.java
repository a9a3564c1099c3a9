package dev.spinbpf.verifier.kernel;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The formats of all releases' messages. */
public final class MessageFormats {
    private MessageFormats() {}

    /** Returns for the name of each message its texts in the releases that are known, with their {@code printf} conversions. */
    public static Map<String, Set<String>> all() {
        Map<String, Set<String>> formats = new LinkedHashMap<>();
        for (String[] row : Tables.rows("messages.tsv")) {
            formats.computeIfAbsent(row[0], _ -> new LinkedHashSet<>()).add(row[1]);
        }
        return formats;
    }
}
