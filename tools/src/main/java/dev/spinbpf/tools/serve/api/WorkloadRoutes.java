package dev.spinbpf.tools.serve.api;

import dev.spinbpf.tools.report.StressJson;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.http.Problem;
import dev.spinbpf.tools.serve.http.Reply;
import dev.spinbpf.tools.serve.http.Request;
import dev.spinbpf.tools.serve.http.Route;
import dev.spinbpf.tools.workload.FileSource;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.tools.workload.WorkloadReader;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The routes to the workload, and to the files that a workload may name. */
final class WorkloadRoutes {
    private static final int MOST_WORKLOAD_BYTES = 4 << 20;
    private static final Route.Body FILE =
            new Route.Body("application/octet-stream", ApiRoutes.MOST_OBJECT_BYTES, true);
    private static final String JSON = "application/json";
    private static final Route.Body WORKLOAD =
            new Route.Body(List.of(JSON, "application/yaml"), MOST_WORKLOAD_BYTES, true);

    private final Engine engine;

    WorkloadRoutes(Engine engine) {
        this.engine = engine;
    }

    List<Route> routes() {
        return List.of(
                EngineRoute.read(
                        "/files",
                        request -> Reply.json(FileView.files(engine.files().all()))),
                EngineRoute.change("PUT", "/files/{file}", FILE, request -> {
                    engine.files().put(request.path("file"), request.body());
                    return Reply.nothing();
                }),
                EngineRoute.change("DELETE", "/files/{file}", Route.Body.NONE, request -> {
                    engine.files().remove(request.path("file"));
                    return Reply.nothing();
                }),
                EngineRoute.read("/workload", request -> view()),
                EngineRoute.read("/workload/report", request -> report()),
                EngineRoute.heavy("PUT", "/workload", WORKLOAD, List.of(), this::replace),
                EngineRoute.change("POST", "/workload/start", ApiRoutes.MAYBE_JSON, this::start),
                EngineRoute.change("POST", "/workload/stop", Route.Body.NONE, request -> {
                    engine.stop();
                    return view();
                }));
    }

    private Reply view() {
        return Reply.json(WorkloadView.of(engine.run()));
    }

    /** The report that {@code stress --json} prints of the same run, so far or at its end. */
    private Reply report() {
        String files =
                engine.objects().stream().map(ServedObject::name).sorted().collect(Collectors.joining(", "));
        List<ProgramWorkload.Attachment> attachments = engine.objects().stream()
                .flatMap(object -> object.programs().stream())
                .flatMap(program -> program.attachments().stream())
                .toList();
        return Reply.json(StressJson.of(files, engine.run().snapshot(), List.of(), attachments, Map.of(), null));
    }

    private Reply replace(Request request) throws Problem, Refusal {
        engine.replaceByUpload(read(request));
        return view();
    }

    /** The workload that a client sent; what it names are files that were uploaded. */
    private ProgramWorkload read(Request request) throws Problem {
        FileSource files = engine.files()::open;
        List<String> mistakes;
        try {
            WorkloadSpec spec = request.mediaType().equals(JSON)
                    ? WorkloadReader.readJson("workload", request.body(), files)
                    : WorkloadReader.read("workload", request.body(), files);
            if (spec instanceof ProgramWorkload programs) {
                return programs;
            }
            mistakes = List.of("workload: a service runs programs; a mode is for stress");
        } catch (WorkloadFileException e) {
            mistakes = e.mistakes();
        }
        throw Problem.of(422, "the workload has mistakes; the one before goes on")
                .errors(mistakes);
    }

    private Reply start(Request request) throws Problem, Refusal {
        JsonFields fields = JsonFields.read(request.body(), Set.of("duration_ms", "seed"));
        engine.start(
                fields.number("duration_ms", -1, Long.MAX_VALUE / 1_000_000),
                fields.number("seed", Long.MIN_VALUE, Long.MAX_VALUE));
        return view();
    }
}
