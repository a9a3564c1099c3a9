package dev.spinbpf.tools.serve.http;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** An answer. */
public sealed interface Reply {
    /**
     * An answer that is there whole.
     *
     * @param status the HTTP status
     * @param type media type; empty where there is no body
     * @param body its bytes
     * @param headers further headers
     */
    record Content(int status, String type, byte[] body, Map<String, String> headers) implements Reply {}

    /** A stream of events that goes on until either side ends it. */
    record Events(EventFeed feed) implements Reply {}

    /** Returns an answer of text. */
    static Content text(int status, String type, String text) {
        return new Content(status, type, text.getBytes(StandardCharsets.UTF_8), Map.of());
    }

    /** Returns an answer of bytes with status 200. */
    static Content bytes(String type, byte[] body) {
        return new Content(200, type, body, Map.of());
    }

    /** Returns an answer of JSON with status 200. */
    static Content json(String text) {
        return text(200, "application/json", text);
    }

    /** Returns an answer without a body, 204. */
    static Content nothing() {
        return new Content(204, "", new byte[0], Map.of());
    }

    /** Returns the answer with other headers. */
    default Reply withHeaders(Map<String, String> headers) {
        return switch (this) {
            case Content content -> new Content(content.status, content.type, content.body, Map.copyOf(headers));
            case Events events -> events;
        };
    }
}
