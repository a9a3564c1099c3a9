package dev.spinbpf.tools.serve.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Sends events to all clients that listen. Publishing never waits for a client. */
public final class EventFeed {
    private final List<EventStream> streams = new CopyOnWriteArrayList<>();

    /** Returns true where nobody listens. */
    public boolean isEmpty() {
        return streams.isEmpty();
    }

    /**
     * Sends an event; any thread may.
     *
     * @param event its kind, a word
     * @param json its data, a JSON document on one line
     */
    public void publish(String event, String json) {
        if (!streams.isEmpty()) {
            byte[] bytes = bytes(event, json);
            streams.forEach(stream -> stream.offer(bytes));
        }
    }

    static byte[] bytes(String event, String json) {
        return ("event: " + event + "\ndata: " + json.strip() + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    void add(EventStream stream) {
        streams.add(stream);
    }

    void remove(EventStream stream) {
        streams.remove(stream);
    }
}
