package dev.spinbpf.tools.serve;

import dev.spinbpf.tools.metrics.Exposition;
import dev.spinbpf.tools.serve.http.AccessRules;
import dev.spinbpf.tools.serve.http.HttpLimits;
import dev.spinbpf.tools.serve.http.HttpServer;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.RequestObserver;
import dev.spinbpf.tools.serve.http.Route;
import dev.spinbpf.tools.serve.http.Router;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Serves the metrics of one run: {@code GET /metrics}, by the same code as the service. */
public final class MetricsServer implements AutoCloseable {
    static final String PLAIN_TEXT = "text/plain; charset=utf-8";

    private final HttpServer server;

    private MetricsServer(HttpServer server) {
        this.server = server;
    }

    /** Makes the metrics in the format that a header Accept asks for. */
    @FunctionalInterface
    public interface Scrape {
        Exposition scrape(@Nullable String accept);
    }

    /**
     * Starts to listen.
     *
     * @param host address or name to bind; the caller passes loopback unless the user asked for something else
     * @param port port, 0 for any free one
     * @param scrape makes what is served; called for each request on the server's thread
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static MetricsServer start(String host, int port, Scrape scrape) throws IOException {
        return start(host, port, scrape, HttpLimits.DEFAULT);
    }

    /** Like {@link #start(String, int, Scrape)}, with other limits. */
    static MetricsServer start(String host, int port, Scrape scrape, HttpLimits limits) throws IOException {
        InetSocketAddress wanted = new InetSocketAddress(host, port);
        if (wanted.isUnresolved()) {
            throw new IOException("cannot listen on " + host + ":" + port
                    + " (unknown host); --metrics-host takes an address of this machine");
        }
        List<Route> routes = new ArrayList<>(routes(scrape));
        routes.add(Route.open(
                "/",
                Route.Lane.DIRECT,
                request -> Reply.text(200, PLAIN_TEXT, "spinbpf: the metrics are at /metrics\n")));
        try {
            return new MetricsServer(HttpServer.start(
                    wanted, new Router(routes), AccessRules.LOOPBACK, limits, null, RequestObserver.NONE));
        } catch (IOException e) {
            throw new IOException(
                    "cannot listen on " + host + ":" + port + " (" + e.getMessage()
                            + "); choose another --metrics-port, or 0 for any free one, or another --metrics-host",
                    e);
        }
    }

    /** Returns the routes that a run and the service have: metrics and health. */
    static List<Route> routes(Scrape scrape) {
        return List.of(
                Route.open("/metrics", Route.Lane.DIRECT, request -> metrics(request, scrape)),
                Route.open("/-/healthy", Route.Lane.DIRECT, request -> Reply.text(200, PLAIN_TEXT, "healthy\n")));
    }

    private static Reply metrics(Request request, Scrape scrape) {
        Exposition exposition = scrape.scrape(request.header("accept"));
        return Reply.bytes(exposition.contentType(), exposition.body());
    }

    /** The address that it listens on. */
    public InetSocketAddress address() {
        return server.address();
    }

    @Override
    public void close() {
        server.close();
    }
}
