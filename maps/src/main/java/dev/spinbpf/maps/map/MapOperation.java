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
    PEEK,
    /** A sample for the buffer of a perf event array. */
    OUTPUT,
    LOOKUP_BATCH,
    LOOKUP_AND_DELETE_BATCH,
    UPDATE_BATCH,
    DELETE_BATCH;

    /** Returns the word in labels: {@code lookup_and_delete}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
