package dev.spinbpf.tools.serve.api;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.http.Problem;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.Route;
import dev.spinbpf.vm.stress.Pacing;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The routes below {@code /api/v1}. {@code openapi.json}, which one of them serves, describes them all. */
public final class ApiRoutes {
    /** Largest JSON body. */
    static final int MOST_JSON_BYTES = 1 << 20;

    /** Largest object. */
    static final int MOST_OBJECT_BYTES = 16 << 20;

    private static final String V1 = "/api/v1";
    private static final String PROGRAM = V1 + "/programs/{object}/{program}";
    private static final String MAP = V1 + "/maps/{object}/{map}";
    private static final int MOST_ELEMENTS = 1000;
    private static final int USUAL_ELEMENTS = 100;
    private static final int MOST_FAILURES = 256;
    private static final int USUAL_FAILURES = 20;
    private static final Route.Body OBJECT = new Route.Body("application/octet-stream", MOST_OBJECT_BYTES, true);
    private static final Route.Body JSON = new Route.Body("application/json", MOST_JSON_BYTES, true);
    private static final Route.Body MAYBE_JSON = new Route.Body("application/json", MOST_JSON_BYTES, false);

    private final Engine engine;
    private final EventPump pump;

    /** Routes to an engine. */
    public ApiRoutes(Engine engine, EventPump pump) {
        this.engine = engine;
        this.pump = pump;
    }

    /** A handler whose engine may refuse. */
    @FunctionalInterface
    private interface EngineHandler {
        Reply handle(Request request) throws Problem, Refusal;
    }

    private static Route.Handler of(EngineHandler handler) {
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

    private static Route read(String template, EngineHandler handler) {
        return Route.get(V1 + template, List.of(), of(handler));
    }

    private static Route change(String method, String template, Route.Body body, EngineHandler handler) {
        return Route.change(method, template, body, of(handler));
    }

    /** Returns the routes. */
    public List<Route> routes() {
        return List.of(
                read("/openapi.json", request -> Reply.json(openApi())),
                read("/objects", request -> Reply.json(ProgramView.objects(engine.objects()))),
                new Route("POST", V1 + "/objects", Route.Lane.HEAVY, OBJECT, false, List.of("name"), of(this::upload)),
                read(
                        "/objects/{object}",
                        request -> Reply.json(ProgramView.object(engine.object(request.path("object"))))),
                change("DELETE", V1 + "/objects/{object}", Route.Body.NONE, request -> {
                    engine.remove(request.path("object"));
                    return Reply.nothing();
                }),
                read("/programs", request -> Reply.json(ProgramView.programs(engine.objects()))),
                Route.get(
                        PROGRAM,
                        List.of(),
                        of(request -> Reply.json(
                                ProgramView.program(engine.program(request.path("object"), request.path("program")))))),
                new Route("GET", PROGRAM + "/log", Route.Lane.HEAVY, Route.Body.NONE, false, List.of(), of(this::log)),
                change(
                        "POST",
                        PROGRAM + "/load",
                        Route.Body.NONE,
                        request -> Reply.json(
                                ProgramView.program(engine.load(request.path("object"), request.path("program"))))),
                change("POST", PROGRAM + "/attach", MAYBE_JSON, this::attach),
                change(
                        "POST",
                        PROGRAM + "/detach",
                        Route.Body.NONE,
                        request -> Reply.json(
                                ProgramView.program(engine.detach(request.path("object"), request.path("program"))))),
                change(
                        "POST",
                        PROGRAM + "/unload",
                        Route.Body.NONE,
                        request -> Reply.json(
                                ProgramView.program(engine.unload(request.path("object"), request.path("program"))))),
                read("/maps", request -> Reply.json(MapView.maps(engine.maps()))),
                Route.get(
                        MAP,
                        List.of(),
                        of(request ->
                                Reply.json(MapView.map(engine.map(request.path("object"), request.path("map")))))),
                Route.get(MAP + "/elements", List.of("limit", "after"), of(this::page)),
                Route.get(MAP + "/elements/{key}", List.of(), of(this::lookup)),
                change("PUT", MAP + "/elements/{key}", JSON, this::update),
                change("DELETE", MAP + "/elements/{key}", Route.Body.NONE, this::delete),
                read("/locks", request -> Reply.json(LockView.locks(engine.run().machine()))),
                read("/cpus", request -> Reply.json(CpuView.cpus(engine.run().machine(), engine.objects()))),
                Route.get(V1 + "/failures", List.of("limit"), of(this::failures)),
                read("/workload", request -> Reply.json(WorkloadView.of(engine.run()))),
                change("POST", V1 + "/workload/start", MAYBE_JSON, this::start),
                change("POST", V1 + "/workload/stop", Route.Body.NONE, request -> {
                    engine.stop();
                    return Reply.json(WorkloadView.of(engine.run()));
                }),
                new Route(
                        "GET",
                        V1 + "/events",
                        Route.Lane.DIRECT,
                        Route.Body.NONE,
                        false,
                        List.of(),
                        request -> new Reply.Events(pump.feed())));
    }

    /** The description of all routes of the service. */
    static String openApi() {
        try (InputStream in = ApiRoutes.class.getResourceAsStream("openapi.json")) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Reply upload(Request request) throws Problem, Refusal {
        String name = request.query("name");
        if (name == null) {
            throw Problem.of(400, "the parameter 'name' is missing: the object's name");
        }
        ServedObject object = engine.upload(name, request.body());
        return Reply.text(201, "application/json", ProgramView.object(object))
                .withHeaders(Map.of("Location", V1 + "/objects/" + name));
    }

    private Reply log(Request request) throws Refusal {
        return Reply.text(
                200, "text/plain; charset=utf-8", engine.log(request.path("object"), request.path("program")));
    }

    private Reply attach(Request request) throws Problem, Refusal {
        JsonFields fields = JsonFields.read(request.body(), Set.of("hook", "level", "every_ns", "cpus"));
        Long every = fields.number("every_ns", 1, Long.MAX_VALUE);
        String hook = fields.text("hook");
        Attachment how = new Attachment(
                request.path("object"),
                request.path("program"),
                hook == null ? "" : hook,
                level(fields.text("level")),
                every == null ? Pacing.Unpaced.INSTANCE : new Pacing.Rate(1, every),
                cpus(fields.numbers("cpus")));
        return Reply.json(ProgramView.program(engine.attach(how)));
    }

    private static @Nullable ContextLevel level(@Nullable String word) throws Problem {
        if (word == null) {
            return null;
        }
        for (ContextLevel level : ContextLevel.values()) {
            if (level.word().equals(word)) {
                return level;
            }
        }
        throw Problem.of(422, "levels are task, softirq, hardirq and nmi");
    }

    private CpuSet cpus(@Nullable List<Integer> numbers) throws Problem {
        if (numbers == null) {
            return CpuSet.ALL;
        }
        int count = engine.run().machine().cpus().count();
        if (numbers.isEmpty() || numbers.stream().anyMatch(number -> number < 0 || number >= count)) {
            throw Problem.of(422, "cpus are numbers from 0 to " + (count - 1) + ", one at least");
        }
        return CpuSet.of(numbers);
    }

    private Reply page(Request request) throws Problem, Refusal {
        int limit = request.number("limit", USUAL_ELEMENTS, 1, MOST_ELEMENTS);
        String after = request.query("after");
        String object = request.path("object");
        String map = request.path("map");
        return Reply.json(MapView.page(
                engine.map(object, map), engine.page(object, map, after == null ? null : bytes(after), limit)));
    }

    private static byte[] bytes(String hex) throws Problem {
        try {
            return HexFormat.of().parseHex(hex.equals("-") ? "" : hex);
        } catch (IllegalArgumentException e) {
            throw Problem.of(422, "keys and values are hexadecimal digits in pairs");
        }
    }

    private Reply lookup(Request request) throws Problem, Refusal {
        String object = request.path("object");
        String map = request.path("map");
        return Reply.json(
                MapView.element(engine.map(object, map), engine.lookup(object, map, bytes(request.path("key")))));
    }

    private Reply update(Request request) throws Problem, Refusal {
        JsonFields fields = JsonFields.read(request.body(), Set.of("value", "flags"));
        String flags = fields.text("flags");
        engine.update(
                request.path("object"),
                request.path("map"),
                bytes(request.path("key")),
                bytes(fields.requiredText("value")),
                flags == null ? "any" : flags);
        return Reply.nothing();
    }

    private Reply delete(Request request) throws Problem, Refusal {
        engine.delete(request.path("object"), request.path("map"), bytes(request.path("key")));
        return Reply.nothing();
    }

    private Reply failures(Request request) throws Problem {
        int limit = request.number("limit", USUAL_FAILURES, 1, MOST_FAILURES);
        return Reply.json(LockView.failures(
                engine.run().machine(), engine.failures(), limit, pump.reports().newest(limit)));
    }

    private Reply start(Request request) throws Problem, Refusal {
        JsonFields fields = JsonFields.read(request.body(), Set.of("duration_ms", "seed"));
        engine.start(
                fields.number("duration_ms", -1, Long.MAX_VALUE / 1_000_000),
                fields.number("seed", Long.MIN_VALUE, Long.MAX_VALUE));
        return Reply.json(WorkloadView.of(engine.run()));
    }
}
