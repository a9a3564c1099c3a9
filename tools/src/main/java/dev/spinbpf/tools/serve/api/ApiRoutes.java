package dev.spinbpf.tools.serve.api;

import static dev.spinbpf.tools.serve.api.EngineRoute.change;
import static dev.spinbpf.tools.serve.api.EngineRoute.heavy;
import static dev.spinbpf.tools.serve.api.EngineRoute.read;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
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
import java.util.ArrayList;
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

    /** A JSON body that may be left out. */
    static final Route.Body MAYBE_JSON = new Route.Body("application/json", MOST_JSON_BYTES, false);

    private static final String PROGRAM = "/programs/{object}/{program}";
    private static final String MAP = "/maps/{object}/{map}";
    private static final int MOST_ELEMENTS = 1000;
    private static final int USUAL_ELEMENTS = 100;
    private static final int MOST_FAILURES = 256;
    private static final int USUAL_FAILURES = 20;
    private static final Route.Body OBJECT = new Route.Body("application/octet-stream", MOST_OBJECT_BYTES, true);
    private static final Route.Body JSON = new Route.Body("application/json", MOST_JSON_BYTES, true);

    private final Engine engine;
    private final EventPump pump;
    private final String openApi = readOpenApi();

    /** Routes to an engine. */
    public ApiRoutes(Engine engine, EventPump pump) {
        this.engine = engine;
        this.pump = pump;
    }

    /** Returns the routes. */
    public List<Route> routes() {
        List<Route> routes = new ArrayList<>();
        routes.add(read("/openapi.json", request -> Reply.json(openApi)));
        routes.addAll(objects());
        routes.addAll(programs());
        routes.addAll(maps());
        routes.addAll(new WorkloadRoutes(engine).routes());
        routes.add(
                read("/locks", request -> Reply.json(LockView.locks(engine.run().machine()))));
        routes.add(read("/cpus", request -> Reply.json(CpuView.cpus(engine.run().machine(), engine.objects()))));
        routes.add(read("/failures", List.of("limit"), this::failures));
        routes.add(new Route(
                "GET",
                EngineRoute.V1 + "/events",
                Route.Lane.DIRECT,
                Route.Body.NONE,
                false,
                List.of(),
                request -> new Reply.Events(pump.feed())));
        return routes;
    }

    private List<Route> objects() {
        return List.of(
                read("/objects", request -> Reply.json(ProgramView.objects(engine.objects()))),
                heavy("POST", "/objects", OBJECT, List.of("name"), this::upload),
                read(
                        "/objects/{object}",
                        request -> Reply.json(ProgramView.object(engine.object(request.path("object"))))),
                change("DELETE", "/objects/{object}", Route.Body.NONE, request -> {
                    engine.remove(request.path("object"));
                    return Reply.nothing();
                }));
    }

    private List<Route> programs() {
        return List.of(
                read("/programs", request -> Reply.json(ProgramView.programs(engine.objects()))),
                read(PROGRAM, program(engine::program)),
                heavy("GET", PROGRAM + "/log", Route.Body.NONE, List.of(), this::log),
                change("POST", PROGRAM + "/load", Route.Body.NONE, program(engine::load)),
                change("POST", PROGRAM + "/attach", MAYBE_JSON, this::attach),
                change("POST", PROGRAM + "/detach", Route.Body.NONE, program(engine::detach)),
                change("POST", PROGRAM + "/unload", Route.Body.NONE, program(engine::unload)));
    }

    private List<Route> maps() {
        return List.of(
                read("/maps", request -> Reply.json(MapView.maps(engine.maps().all()))),
                read(
                        MAP,
                        request -> Reply.json(
                                MapView.map(engine.maps().get(request.path("object"), request.path("map"))))),
                read(MAP + "/elements", List.of("limit", "after"), this::page),
                read(MAP + "/elements/{key}", this::lookup),
                change("PUT", MAP + "/elements/{key}", JSON, this::update),
                change("DELETE", MAP + "/elements/{key}", Route.Body.NONE, this::delete));
    }

    /** Something that is done with a program, which it returns. */
    @FunctionalInterface
    private interface ProgramWork {
        ServedProgram on(String object, String program) throws Refusal;
    }

    private static EngineRoute.Handler program(ProgramWork work) {
        return request -> Reply.json(ProgramView.program(work.on(request.path("object"), request.path("program"))));
    }

    /** Reads the description of all routes of the service. */
    private static String readOpenApi() {
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
                .withHeaders(Map.of("Location", EngineRoute.V1 + "/objects/" + name));
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
        return Reply.json(MapView.page(engine.maps().page(object, map, after == null ? null : bytes(after), limit)));
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
        return Reply.json(MapView.element(engine.maps().lookup(object, map, bytes(request.path("key")))));
    }

    private Reply update(Request request) throws Problem, Refusal {
        JsonFields fields = JsonFields.read(request.body(), Set.of("value", "flags"));
        String flags = fields.text("flags");
        engine.maps()
                .update(
                        request.path("object"),
                        request.path("map"),
                        bytes(request.path("key")),
                        bytes(fields.requiredText("value")),
                        flags == null ? "any" : flags);
        return Reply.nothing();
    }

    private Reply delete(Request request) throws Problem, Refusal {
        engine.maps().delete(request.path("object"), request.path("map"), bytes(request.path("key")));
        return Reply.nothing();
    }

    private Reply failures(Request request) throws Problem {
        int limit = request.number("limit", USUAL_FAILURES, 1, MOST_FAILURES);
        return Reply.json(LockView.failures(
                engine.run().machine(), engine.failures(), limit, pump.reports().newest(limit)));
    }
}
