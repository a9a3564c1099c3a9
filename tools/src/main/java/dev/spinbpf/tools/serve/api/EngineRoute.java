package dev.spinbpf.tools.serve.api;

import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.http.Problem;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.Route;
import java.util.List;

/** Makes routes below {@code /api/v1}. What the engine refuses is a problem with the status that goes with it. */
final class EngineRoute {
    /** The prefix of all templates. */
    static final String V1 = "/api/v1";

    private EngineRoute() {}

    /** A handler whose engine may refuse. */
    @FunctionalInterface
    interface Handler {
        Reply handle(Request request) throws Problem, Refusal;
    }

    /** A route that reads, with the parameters that it takes after the question mark. */
    static Route read(String template, List<String> query, Handler handler) {
        return Route.get(V1 + template, query, of(handler));
    }

    static Route read(String template, Handler handler) {
        return read(template, List.of(), handler);
    }

    /** A route that changes something. */
    static Route change(String method, String template, Route.Body body, Handler handler) {
        return Route.change(method, V1 + template, body, of(handler));
    }

    /** A route that verifies. */
    static Route heavy(String method, String template, Route.Body body, List<String> query, Handler handler) {
        return new Route(method, V1 + template, Route.Lane.HEAVY, body, false, query, of(handler));
    }

    private static Route.Handler of(Handler handler) {
        return request -> {
            try {
                return handler.handle(request);
            } catch (Refusal e) {
                int status =
                        switch (e.kind()) {
                            case ABSENT -> 404;
                            case CONFLICT -> 409;
                            case INVALID -> 422;
                            case FULL -> 507;
                            case BUSY -> 503;
                            case DENIED -> 403;
                        };
                throw Problem.of(status, String.valueOf(e.getMessage()));
            }
        };
    }
}
