package dev.spinbpf.tools.serve;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.metrics.Exposition;
import dev.spinbpf.tools.metrics.Meters;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.serve.api.ApiRoutes;
import dev.spinbpf.tools.serve.api.EventPump;
import dev.spinbpf.tools.serve.engine.Change;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.EngineRun;
import dev.spinbpf.tools.serve.engine.ObjectVerification;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.http.AccessRules;
import dev.spinbpf.tools.serve.http.BearerToken;
import dev.spinbpf.tools.serve.http.HttpServer;
import dev.spinbpf.tools.serve.http.Problem;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.Route;
import dev.spinbpf.tools.serve.http.Router;
import dev.spinbpf.tools.serve.page.PageRoutes;
import dev.spinbpf.tools.serve.state.StateDirectory;
import dev.spinbpf.vm.stress.ProgramWorkload;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A machine that runs a workload, with its metrics and its interface over HTTP. */
public final class Service implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("serve");

    private final WorkloadSource source;
    private final Meters meters;
    private final Engine engine;
    private final EventPump pump;
    private final @Nullable StateDirectory state;
    private final HttpServer server;
    private volatile boolean ready;

    private Service(ServiceOptions options, WorkloadSource source, Btf kernelTypes) throws IOException, Refusal {
        this.source = source;
        ProgramWorkload workload = source.read();
        Meters[] counted = new Meters[1];
        engine = new Engine(new ObjectVerification(kernelTypes, verdict -> counted[0].countVerdict(verdict)), workload);
        meters = new Meters(() -> engine.run().activity());
        counted[0] = meters;
        engine.addListener(new ChangeLog());
        engine.addListener(this::count);
        pump = new EventPump(engine);
        state = options.state() == null ? null : StateDirectory.open(options.state());
        boolean done = false;
        try {
            StateDirectory saved = state;
            boolean restored = saved != null && saved.hasState();
            if (saved != null && restored) {
                saved.restore(engine);
            } else {
                engine.replace(workload);
            }
            AccessRules access = access(options);
            server = HttpServer.start(
                    options.listen(),
                    new Router(routes()),
                    access,
                    options.limits(),
                    tls(options),
                    meters::countRequest);
            if (!restored && !workload.objects().isEmpty()) {
                engine.start(null, null);
            }
            if (state != null) {
                state.keep(engine);
            }
            ready = true;
            done = true;
        } finally {
            if (!done) {
                closeEngine();
            }
        }
    }

    /**
     * Starts a service; its workload runs if it has objects.
     *
     * @param source reads the workload
     * @param kernelTypes the kernel's types for objects that are uploaded, or {@link Btf#EMPTY}
     * @throws IOException if it cannot listen, or a file of the options cannot be used; the message names it
     * @throws Refusal if the workload does not fit
     */
    public static Service start(ServiceOptions options, WorkloadSource source, Btf kernelTypes)
            throws IOException, Refusal {
        Service service = new Service(options, source, kernelTypes);
        LOG.atInfo()
                .addKeyValue("address", service.url())
                .addKeyValue("token", options.tokenFile() != null)
                .addKeyValue("tls", options.certificate() != null)
                .log("serving");
        return service;
    }

    private static AccessRules access(ServiceOptions options) throws IOException {
        Path file = options.tokenFile();
        if (file == null && !options.listen().getAddress().isLoopbackAddress()) {
            throw new IOException("others than this machine can reach "
                    + options.listen().getHostString() + "; give a token file, or listen on 127.0.0.1");
        }
        String scheme = options.certificate() == null ? "http" : "https";
        return new AccessRules(options.names(), file == null ? null : BearerToken.read(file), scheme);
    }

    private static @Nullable SslContext tls(ServiceOptions options) throws IOException {
        Path certificate = options.certificate();
        Path key = options.key();
        if (certificate == null || key == null) {
            return null;
        }
        try {
            return SslContextBuilder.forServer(certificate.toFile(), key.toFile())
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    certificate + " and " + key + " are no certificate and its PKCS #8 key in PEM form: "
                            + e.getMessage(),
                    e);
        }
    }

    /** Returns all routes. */
    List<Route> routes() {
        List<Route> routes = new ArrayList<>(MetricsServer.routes(meters::scrapeShared));
        routes.add(Route.open("/-/ready", Route.Lane.DIRECT, this::ready));
        routes.add(Route.change("POST", "/-/reload", Route.Body.NONE, this::reload));
        routes.addAll(new PageRoutes().routes());
        routes.addAll(new ApiRoutes(engine, pump).routes());
        return routes;
    }

    private Reply ready(Request request) throws Problem {
        if (!ready || engine.run().phase() == EngineRun.Phase.FAILED) {
            throw Problem.of(503, ready ? "a CPU of the workload does not go on" : "the service is starting or ending");
        }
        return Reply.text(200, MetricsServer.PLAIN_TEXT, "ready\n");
    }

    private Reply reload(Request request) throws Problem {
        try {
            engine.replace(source.read());
            LOG.atInfo().log("reloaded");
            JsonText json = new JsonText(false, false).begin('{').name("state");
            return Reply.json(json.string("reloaded").end('}').text());
        } catch (Refusal e) {
            String message = String.valueOf(e.getMessage());
            LOG.atWarn().addKeyValue("reason", message.replace("\n", "; ")).log("not reloaded");
            throw Problem.of(422, "the workload has mistakes; the one before goes on")
                    .errors(message.lines().toList());
        }
    }

    private void count(Change change) {
        if (change instanceof Change.Moved || change instanceof Change.Workload) {
            meters.noteWhatIsThere();
        }
    }

    /** Returns the address that it listens on. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** Returns the address as clients name it. */
    private String url() {
        InetSocketAddress address = server.address();
        String host = address.getAddress().getHostAddress();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }

    /** Returns the machine and what is on it. */
    Engine engine() {
        return engine;
    }

    /** Returns the metrics as they are now. */
    Exposition exposition() {
        return meters.scrape(null);
    }

    /** Answers the requests that are there, stops the workload, and ends. */
    @Override
    public void close() {
        ready = false;
        server.close();
        closeEngine();
        LOG.atInfo().log("ended");
    }

    private void closeEngine() {
        pump.close();
        if (state != null) {
            state.close();
        }
        engine.close();
        meters.close();
    }
}
