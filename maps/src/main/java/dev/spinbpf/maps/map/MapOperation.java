package dev.spinbpf.maps.map;

import java.util.Locale;

/** The operations that are counted by map. */
public enum MapOperation {
    LOOKUP,
    UPDATE,
    DELETE,
    LOOKUP_AND_DELETE,
    LOOKUP_PERCPU,
    FOR_EACH,
    PUSH,
    POP,
    PEEK;

    /** Returns the word in labels: {@code lookup_and_delete}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
