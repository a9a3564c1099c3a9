package dev.spinbpf.tools.metrics;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An exposition that scrapers share while it is fresh. One of them makes a new one; those that come meanwhile wait for it,
 * so that what they get is no older than the time that one takes to be made. The rest of the 100 ms that a scrape may be
 * old is for that, and for the way to the client.
 */
final class SharedExposition {
    private static final long OLDEST_NANOS = 75_000_000;

    private @Nullable Exposition made;
    private long begunNanos;

    /** Returns the last one, or one that is made now. */
    synchronized Exposition get(Supplier<Exposition> maker) {
        long now = System.nanoTime();
        Exposition known = made;
        if (known != null && now - begunNanos <= OLDEST_NANOS) {
            return known;
        }
        Exposition fresh = maker.get();
        made = fresh;
        begunNanos = now;
        return fresh;
    }
}
