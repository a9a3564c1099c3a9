package dev.spinbpf.tools.serve.http;

import dev.spinbpf.tools.report.JsonText;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request that cannot be fulfilled, as the client is told: the problem details of RFC 9457.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9457">RFC 9457</a>
 */
public final class Problem extends Exception {
    private static final long serialVersionUID = 1;

    /** Media type of the document. */
    static final String TYPE = "application/problem+json";

    private final transient HttpResponseStatus status;
    private final transient Map<String, String> headers = new LinkedHashMap<>();
    private transient List<String> errors = List.of();

    private Problem(HttpResponseStatus status, String detail) {
        super(detail, null, false, false);
        this.status = status;
    }

    /**
     * A problem.
     *
     * @param status the HTTP status, 400 to 599
     * @param detail a sentence about this very request
     */
    public static Problem of(int status, String detail) {
        return new Problem(HttpResponseStatus.valueOf(status), detail);
    }

    /** Adds a header to the answer. */
    public Problem header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    /** Adds a list of what is wrong. */
    public Problem errors(List<String> value) {
        errors = List.copyOf(value);
        return this;
    }

    /** Returns the HTTP status. */
    public int status() {
        return status.code();
    }

    /** Returns the answer that says so. */
    Reply reply() {
        JsonText json = new JsonText(false, false)
                .begin('{')
                .name("type")
                .string("about:blank")
                .name("title")
                .string(status.reasonPhrase())
                .name("status")
                .number(status.code())
                .name("detail")
                .string(String.valueOf(getMessage()));
        if (!errors.isEmpty()) {
            json.name("errors").begin('[');
            errors.forEach(json::string);
            json.end(']');
        }
        return Reply.text(status.code(), TYPE, json.end('}').text()).withHeaders(headers);
    }
}
