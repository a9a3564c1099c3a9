package dev.spinbpf.tools.serve.page;

import dev.spinbpf.tools.serve.http.Problem;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The page, its style and its scripts. Anybody may have them, since they hold no data: the scripts ask the interface for
 * it, with the token where there is one. The policy lets the page load and run nothing but these files, and talk to
 * nothing but the service.
 */
public final class PageRoutes {
    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final List<String> MODULES =
            List.of("cpus.js", "dom.js", "failures.js", "graph.js", "locks.js", "programs.js", "service.js");

    private static final Map<String, String> HEADERS = Map.of(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "referrer-policy",
            "no-referrer");

    private final Reply page = resource("page.html", "text/html; charset=utf-8");
    private final Reply style = resource("page.css", "text/css; charset=utf-8");
    private final Reply main = resource("page.js", SCRIPT);
    private final Map<String, Reply> modules = new HashMap<>();

    /** Reads the files. */
    public PageRoutes() {
        MODULES.forEach(name -> modules.put(name, resource(name, SCRIPT)));
    }

    /** Returns the routes. */
    public List<Route> routes() {
        return List.of(
                Route.open("/", Route.Lane.DIRECT, request -> page),
                Route.open("/page.css", Route.Lane.DIRECT, request -> style),
                Route.open("/page.js", Route.Lane.DIRECT, request -> main),
                Route.open("/page/{module}", Route.Lane.DIRECT, this::module));
    }

    private Reply module(Request request) throws Problem {
        Reply module = modules.get(request.path("module"));
        if (module == null) {
            throw Problem.of(404, "the page has no such file");
        }
        return module;
    }

    private static Reply resource(String name, String type) {
        try (InputStream in = PageRoutes.class.getResourceAsStream(name)) {
            return Reply.bytes(type, Objects.requireNonNull(in, name).readAllBytes())
                    .withHeaders(HEADERS);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
