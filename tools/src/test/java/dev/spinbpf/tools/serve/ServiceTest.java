package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.tools.serve.http.RawClient;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Uses the service as clients do, and holds every answer against its description. */
@Timeout(300)
class ServiceTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String PROGRAM = "/api/v1/programs/{object}/{program}";
    private static final String MAP = "/api/v1/maps/{object}/{map}";
    private static final String ELEMENT = MAP + "/elements/{key}";
    private static final String ABBA = "abba.bpf.o";
    private static final String COUNTER = "packet_counter.bpf.o";
    private static final String NESTING = "nesting.bpf.o";
    private static final String LEAKED = "leaked_lock.bpf.o";

    private final HttpClient client = HttpClient.newHttpClient();
    private volatile String mistakes = "";
    private Service service;
    private OpenApi description;

    @BeforeEach
    void start() throws Exception {
        service = Service.start(ServiceOptions.loopback(0), this::workload, Btf.EMPTY);
        description =
                new OpenApi(send(request("GET", "/api/v1/openapi.json", null)).body());
    }

    @AfterEach
    void stop() {
        service.close();
        client.close();
    }

    private ProgramWorkload workload() throws Refusal {
        if (!mistakes.isEmpty()) {
            throw new Refusal(Refusal.Kind.INVALID, mistakes);
        }
        ObjectFile file = new ObjectFile(ABBA, new NamedFile(ABBA, ByteString.of(sample(ABBA))), List.of());
        return ProgramWorkload.of(List.of(file)).withDuration(StressOptions.FOREVER);
    }

    /** A workload whose program needs the kernel's types, and names them. */
    private static ProgramWorkload typed() {
        String text = """
            .program traced "fentry/a_then_b"
                r0 = *(u64 *)(r1 + 0)
                r0 = 0
                exit
            """;
        NamedFile program = new NamedFile("typed.bpfasm", ByteString.of(text.getBytes(StandardCharsets.UTF_8)));
        ProgramWorkload plain = ProgramWorkload.of(List.of(new ObjectFile("typed", program, List.of())));
        return new ProgramWorkload(
                plain.cpus(),
                plain.lock(),
                plain.seed(),
                plain.duration(),
                plain.heldTimesInterval(),
                plain.nmis(),
                plain.hardirqs(),
                new NamedFile("types", ByteString.of(sample(ABBA))),
                plain.objects(),
                plain.attachments(),
                plain.delays(),
                plain.maps(),
                plain.packets(),
                plain.promises(),
                plain.tasks());
    }

    private static byte[] sample(String name) {
        try {
            return Files.readAllBytes(SAMPLES.resolve(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private HttpRequest.Builder request(String method, String path, @Nullable BodyPublisher body) {
        return HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + service.address().getPort() + path))
                .method(method, body == null ? BodyPublishers.noBody() : body);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    /** Sends a request and checks the answer against the description; returns its body. */
    private Object call(int status, String method, String template, @Nullable String json, String... values)
            throws Exception {
        BodyPublisher body = json == null ? null : BodyPublishers.ofString(json);
        return callWith(status, method, template, "", body, "application/json", values);
    }

    private Object callWith(
            int status,
            String method,
            String template,
            String query,
            @Nullable BodyPublisher body,
            String type,
            String... values)
            throws Exception {
        String path = template;
        for (String value : values) {
            path = path.replaceFirst("\\{\\w+}", value);
        }
        HttpRequest.Builder request = request(method, path + query, body);
        if (body != null) {
            request.header("Content-Type", type);
        }
        HttpResponse<String> response = send(request);
        assertThat(response.statusCode())
                .as(method + " " + path + query + ": " + response.body())
                .isEqualTo(status);
        String answered = response.headers().firstValue("content-type").orElse("");
        description.check(method, template, status, answered, response.body());
        return answered.endsWith("json") ? JsonTree.read(response.body()) : response.body();
    }

    private Object upload(int status, String name) throws Exception {
        return upload(status, name, sample(name));
    }

    private Object upload(int status, String name, byte[] bytes) throws Exception {
        return callWith(
                status,
                "POST",
                "/api/v1/objects",
                name.isEmpty() ? "" : "?name=" + name,
                BodyPublishers.ofByteArray(bytes),
                "application/octet-stream");
    }

    @Test
    void shouldFreeTheMapsOfAnObjectThatIsUnloaded() throws Exception {
        upload(201, COUNTER);
        String program = counterProgram();
        String key = "11000000";
        call(422, "POST", PROGRAM + "/attach", "{\"hook\":\"none\"}", COUNTER, program);
        assertThat(JsonTree.at(call(200, "GET", PROGRAM, null, COUNTER, program), "state"))
                .as("an attachment that is refused loads nothing")
                .isEqualTo("verified");
        int mapsBefore = service.engine().run().machine().maps().size();
        for (int i = 0; i < 5; i++) {
            call(200, "POST", PROGRAM + "/attach", null, COUNTER, program);
            assertThat(JsonTree.at(call(200, "GET", ELEMENT, null, COUNTER, "packets", key), "values", 0))
                    .as("maps are new")
                    .isNotEqualTo("ff000000000000ff");
            call(204, "PUT", ELEMENT, "{\"value\":\"ff000000000000ff\"}", COUNTER, "packets", key);
            freshMetrics();
            call(200, "POST", PROGRAM + "/unload", null, COUNTER, program);
        }
        assertThat(service.engine().run().machine().maps()).hasSize(mapsBefore);
        assertThat(freshMetrics())
                .contains("spinbpf_map_memory_bytes{kind=\"percpu_array\",map=\"packets\"} 0.0")
                .contains("spinbpf_map_operations_total{kind=\"percpu_array\",map=\"packets\",operation=\"update\","
                        + "result=\"ok\"} 5.0");
    }

    /** Metrics that are not those of a scrape before. */
    private String freshMetrics() throws Exception {
        Thread.sleep(100);
        return (String) call(200, "GET", "/metrics", null);
    }

    @Test
    void shouldVerifyByTheKernelTypesOfTheWorkload() throws Exception {
        try (Service typed = Service.start(ServiceOptions.loopback(0), ServiceTest::typed, Btf.EMPTY)) {
            ServedProgram program = typed.engine().program("typed", "traced");
            assertThat(program.state()).isEqualTo(ServedProgram.State.ATTACHED);
            assertThat(typed.engine().log("typed", "traced")).contains("processed 3 insns");
        }
    }

    @Test
    void shouldDoWhatItsDescriptionSaysAndNothingElse() throws Exception {
        assertThat(description.operations()).isEqualTo(operations());
        open();
        objects();
        programs();
        maps();
        locksAndWorkload();
        events();
        workloadsOfClients();
        assertThat(description.unseen()).isEmpty();
    }

    private Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        service.routes().forEach(route -> operations.add(route.method() + " " + route.template()));
        return operations;
    }

    private void open() throws Exception {
        call(200, "GET", "/", null);
        call(200, "GET", "/page.css", null);
        call(200, "GET", "/page.js", null);
        call(200, "GET", "/page/{module}", null, "dom.js");
        call(404, "GET", "/page/{module}", null, "page.html");
        call(200, "GET", "/-/healthy", null);
        call(200, "GET", "/-/ready", null);
        call(200, "GET", "/api/v1/openapi.json", null);
        assertThat((String) call(200, "GET", "/metrics", null)).contains("spinbpf_lock_acquisitions_total{");
        mistakes = "line 1: wrong\nline 2: wrong, too";
        Object problem = call(422, "POST", "/-/reload", null);
        assertThat((List<?>) JsonTree.at(problem, "errors")).hasSize(2);
        assertThat(JsonTree.at(call(200, "GET", "/api/v1/workload", null), "state"))
                .isEqualTo("running");
        mistakes = "";
        call(200, "POST", "/-/reload", null);
        assertThat(JsonTree.at(call(200, "GET", "/api/v1/workload", null), "state"))
                .isEqualTo("running");
    }

    private void objects() throws Exception {
        upload(201, LEAKED);
        upload(409, LEAKED);
        upload(400, "", sample(LEAKED));
        upload(422, "..", sample(LEAKED));
        upload(422, "a%2Fb", sample(LEAKED));
        upload(422, "junk.bpf.o", new byte[] {1, 2, 3});
        call(200, "GET", "/api/v1/objects", null);
        call(200, "GET", "/api/v1/objects/{object}", null, LEAKED);
        call(404, "GET", "/api/v1/objects/{object}", null, "none");
        call(404, "DELETE", "/api/v1/objects/{object}", null, "none");
        call(409, "DELETE", "/api/v1/objects/{object}", null, ABBA);
    }

    private void programs() throws Exception {
        String refused = "leak_lock";
        Object programs = call(200, "GET", "/api/v1/programs", null);
        for (Object program : (List<?>) JsonTree.at(programs, "programs")) {
            if (JsonTree.at(program, "object").equals(LEAKED)
                    && JsonTree.at(program, "state").equals("rejected")) {
                refused = (String) JsonTree.at(program, "name");
            }
        }
        Object program = call(200, "GET", PROGRAM, null, LEAKED, refused);
        assertThat((String) JsonTree.at(program, "message")).contains("bpf_spin_lock-ed region");
        assertThat((String) JsonTree.at(program, "explanation")).contains(".bpf.c:");
        assertThat((String) call(200, "GET", PROGRAM + "/log", null, LEAKED, refused))
                .contains("processed ");
        call(409, "POST", PROGRAM + "/load", null, LEAKED, refused);
        call(409, "POST", PROGRAM + "/attach", null, LEAKED, refused);
        call(204, "DELETE", "/api/v1/objects/{object}", null, LEAKED);
        for (String path : List.of("/load", "/attach", "/detach", "/unload")) {
            call(404, "POST", PROGRAM + path, null, LEAKED, refused);
        }
        call(404, "GET", PROGRAM, null, LEAKED, refused);
        call(404, "GET", PROGRAM + "/log", null, ABBA, "none");
        upload(201, COUNTER);
        call(400, "POST", PROGRAM + "/attach", "{", COUNTER, "count");
        call(422, "POST", PROGRAM + "/attach", "{\"hook\":\"none\"}", COUNTER, counterProgram());
        call(422, "POST", PROGRAM + "/attach", "{\"cpus\":[7]}", COUNTER, counterProgram());
        call(422, "POST", PROGRAM + "/attach", "{\"wrong\":1}", COUNTER, counterProgram());
        Object loaded = call(200, "POST", PROGRAM + "/load", null, COUNTER, counterProgram());
        assertThat(JsonTree.at(loaded, "state")).isEqualTo("loaded");
        String how = "{\"level\":\"softirq\",\"every_ns\":100000,\"cpus\":[0,1]}";
        Object attached = call(200, "POST", PROGRAM + "/attach", how, COUNTER, counterProgram());
        assertThat(JsonTree.at(attached, "state")).isEqualTo("attached");
        assertThat(JsonTree.at(attached, "hook")).isEqualTo("packet");
        awaitRuns(COUNTER, counterProgram());
    }

    private String counterProgram() throws Exception {
        return (String) JsonTree.at(call(200, "GET", "/api/v1/objects/{object}", null, COUNTER), "programs", 0, "name");
    }

    private void awaitRuns(String object, String program) throws Exception {
        while (((List<?>) JsonTree.at(call(200, "GET", PROGRAM, null, object, program), "contexts")).isEmpty()) {
            Thread.sleep(20);
        }
    }

    private void maps() throws Exception {
        call(200, "GET", "/api/v1/maps", null);
        call(200, "GET", MAP, null, COUNTER, "packets");
        call(404, "GET", MAP, null, COUNTER, "none");
        String key = "11000000";
        call(204, "PUT", ELEMENT, "{\"value\":\"0100000000000000\"}", COUNTER, "packets", key);
        Object element = call(200, "GET", ELEMENT, null, COUNTER, "packets", key);
        assertThat(JsonTree.at(element, "key")).isEqualTo(key);
        call(404, "GET", ELEMENT, null, COUNTER, "packets", "99999999");
        call(422, "GET", ELEMENT, null, COUNTER, "packets", "1100");
        call(422, "GET", ELEMENT, null, COUNTER, "packets", "xx");
        String exists = "{\"value\":\"0100000000000000\",\"flags\":\"noexist\"}";
        call(409, "PUT", ELEMENT, exists, COUNTER, "packets", key);
        call(404, "PUT", ELEMENT, "{\"value\":\"00\"}", COUNTER, "none", key);
        call(422, "PUT", ELEMENT, "{\"value\":\"00\"}", COUNTER, "packets", key);
        call(422, "PUT", ELEMENT, "{\"value\":7}", COUNTER, "packets", key);
        call(422, "PUT", ELEMENT, "{}", COUNTER, "packets", key);
        call(400, "PUT", ELEMENT, "{\"value\":\"00\",\"value\":\"01\"}", COUNTER, "packets", key);
        call(400, "PUT", ELEMENT, "[".repeat(5000), COUNTER, "packets", key);
        call(422, "PUT", ELEMENT, "{\"value\":[[[[[[1]]]]]]}", COUNTER, "packets", key);
        Object page = page(200, "?limit=1");
        assertThat((List<?>) JsonTree.at(page, "elements")).hasSize(1);
        page(200, "");
        page(200, "?after=11000000");
        page(400, "?limit=0");
        page(400, "?limit=1&limit=1");
        page(400, "?wrong=1");
        page(422, "?after=1");
        call(404, "GET", MAP + "/elements", null, COUNTER, "none");
        upload(201, NESTING);
        call(200, "POST", PROGRAM + "/load", null, NESTING, "sample");
        call(204, "PUT", ELEMENT, "{\"value\":\"0100000000000000\"}", NESTING, "latest", key);
        call(200, "GET", ELEMENT, null, NESTING, "latest", key);
        call(204, "DELETE", ELEMENT, null, NESTING, "latest", key);
        call(404, "DELETE", ELEMENT, null, NESTING, "latest", key);
        call(422, "DELETE", ELEMENT, null, NESTING, "latest", "1100");
    }

    private Object page(int status, String query) throws Exception {
        return callWith(status, "GET", MAP + "/elements", query, null, "", COUNTER, "packets");
    }

    private void locksAndWorkload() throws Exception {
        while (((List<?>) JsonTree.at(call(200, "GET", "/api/v1/failures", null), "failures")).isEmpty()) {
            Thread.sleep(20);
        }
        while (((List<?>) JsonTree.at(call(200, "GET", "/api/v1/failures", null), "reports")).isEmpty()) {
            Thread.sleep(20);
        }
        callWith(400, "GET", "/api/v1/failures", "?limit=x", null, "");
        for (int i = 0; i < 200; i++) {
            call(200, "GET", "/api/v1/locks", null);
        }
        awaitRunning();
        call(409, "POST", "/api/v1/workload/start", null);
        Object stopped = call(200, "POST", "/api/v1/workload/stop", null);
        assertThat(JsonTree.at(stopped, "state")).isEqualTo("stopped");
        Object report = call(200, "GET", "/api/v1/workload/report", null);
        assertThat((List<?>) JsonTree.at(report, "locks")).isNotEmpty();
        assertThat(JsonTree.at(report, "stuck_cpus")).isEqualTo(List.of());
        String key = "11000000";
        call(204, "PUT", ELEMENT, "{\"value\":\"ff00000000000000\"}", COUNTER, "packets", key);
        call(400, "POST", "/api/v1/workload/start", "nonsense");
        call(422, "POST", "/api/v1/workload/start", "{\"duration_ms\":-7}");
        call(200, "POST", PROGRAM + "/detach", null, COUNTER, counterProgram());
        call(200, "POST", "/api/v1/workload/start", "{\"seed\":7,\"duration_ms\":-1}");
        Object element = call(200, "GET", ELEMENT, null, COUNTER, "packets", key);
        assertThat(JsonTree.at(element, "values", 0))
                .as("what is in the maps stays")
                .isEqualTo("ff00000000000000");
        call(200, "POST", PROGRAM + "/unload", null, COUNTER, counterProgram());
        call(404, "GET", MAP, null, COUNTER, "packets");
    }

    /** Waits until a program was seen at work on a CPU. */
    private void awaitRunning() throws Exception {
        boolean seen = false;
        while (!seen) {
            Object answer = call(200, "GET", "/api/v1/cpus", null);
            List<?> cpus = (List<?>) JsonTree.at(answer, "cpus");
            assertThat(cpus).hasSize(2);
            for (Object cpu : cpus) {
                List<?> running = (List<?>) JsonTree.at(cpu, "running");
                seen |= running.stream()
                        .anyMatch(run -> JsonTree.at(run, "object").equals(ABBA));
            }
        }
    }

    private void workloadsOfClients() throws Exception {
        String file = "/api/v1/files/{file}";
        assertThat((List<?>) JsonTree.at(call(200, "GET", "/api/v1/files", null), "files"))
                .isEmpty();
        putFile(422, "a%2Fb", sample(NESTING));
        putFile(204, "n.bpf.o", sample(ABBA));
        putFile(204, "n.bpf.o", sample(NESTING));
        assertThat(JsonTree.at(call(200, "GET", "/api/v1/files", null), "files", 0, "size_bytes"))
                .isEqualTo((long) sample(NESTING).length);
        call(200, "POST", "/api/v1/workload/start", null);
        call(422, "PUT", "/api/v1/workload", "{\"version\":1,\"mode\":{\"name\":\"aa\"}}");
        String text = "{\"version\":1,\n\"cpus\":3,\"duration\":\"forever\",\n\"objects\":[{\"file\":\"%s\"}]}";
        Object problem = call(422, "PUT", "/api/v1/workload", text.formatted("/etc/passwd"));
        assertThat(JsonTree.at(problem, "errors"))
                .isEqualTo(List.of("workload:3:20: key 'objects[0].file': expected a file that can be read, found"
                        + " '/etc/passwd', which was not uploaded"));
        Object before = call(200, "GET", "/api/v1/workload", null);
        assertThat(JsonTree.at(before, "state")).isEqualTo("running");
        assertThat(JsonTree.at(before, "cpus")).isEqualTo(2L);
        Object conflict = call(409, "PUT", "/api/v1/workload", text.formatted("n.bpf.o"));
        assertThat((String) JsonTree.at(conflict, "detail"))
                .as("an object that stays has a value for each of two CPUs")
                .contains("'packets' was saved with 2 CPUs, not 3");
        call(200, "POST", PROGRAM + "/unload", null, COUNTER, counterProgram());
        Object after = call(200, "PUT", "/api/v1/workload", text.formatted("n.bpf.o"));
        assertThat(JsonTree.at(after, "state")).isEqualTo("running");
        assertThat(JsonTree.at(after, "cpus")).isEqualTo(3L);
        assertThat(JsonTree.at(call(200, "GET", PROGRAM, null, "n", "sample"), "state"))
                .isEqualTo("attached");
        call(404, "GET", "/api/v1/objects/{object}", null, ABBA);
        call(204, "DELETE", file, null, "n.bpf.o");
        call(404, "DELETE", file, null, "n.bpf.o");
        BodyPublisher yaml = BodyPublishers.ofString("version: 1\nobjects:\n  - file: n.bpf.o\n");
        callWith(422, "PUT", "/api/v1/workload", "", yaml, "application/yaml");
        call(200, "GET", PROGRAM, null, "n", "sample");
        for (int i = 0; i < 64; i++) {
            putFile(204, "f" + i, new byte[] {1});
        }
        putFile(507, "f64", new byte[] {1});
        putFile(204, "f0", sample(LEAKED));
        String many = IntStream.range(0, 64)
                .mapToObj(i -> "{\"file\":\"f0\",\"name\":\"o" + i + "\"}")
                .collect(Collectors.joining(","));
        call(507, "PUT", "/api/v1/workload", "{\"version\":1,\"objects\":[" + many + "]}");
    }

    private void putFile(int status, String name, byte[] bytes) throws Exception {
        callWith(
                status,
                "PUT",
                "/api/v1/files/{file}",
                "",
                BodyPublishers.ofByteArray(bytes),
                "application/octet-stream",
                name);
    }

    private void events() throws Exception {
        try (RawClient raw = new RawClient(service.address())) {
            raw.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
            String head = raw.readUntil("\r\n\r\n");
            assertThat(head).startsWith("HTTP/1.1 200").containsIgnoringCase("text/event-stream");
            description.check("GET", "/api/v1/events", 200, "text/event-stream", "");
            raw.readUntil("event: failure\ndata: {");
            call(200, "POST", PROGRAM + "/load", null, COUNTER, counterProgram());
            raw.readUntil("event: program\ndata: {\"object\":\"" + COUNTER);
            putFile(204, "event.pcap", new byte[] {1});
            raw.readUntil("event: file\ndata: {\"name\":\"event.pcap\",\"size_bytes\":1,");
            call(204, "DELETE", "/api/v1/files/{file}", null, "event.pcap");
            raw.readUntil("event: removed\ndata: {\"file\":\"event.pcap\"}");
            call(200, "POST", "/api/v1/workload/stop", null);
            raw.readUntil("event: workload\ndata: {\"state\":\"stopped\"");
        }
    }
}
