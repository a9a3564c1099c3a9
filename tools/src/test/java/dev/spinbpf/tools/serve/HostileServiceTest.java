package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.http.RawClient;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hostile clients of a service whose workload runs: metrics are served meanwhile, and afterwards. */
@Timeout(600)
class HostileServiceTest {
    private static final Path SAMPLE =
            Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples", "abba.bpf.o");
    private static final String CLOSE = "Host: localhost\r\nConnection: close\r\n";
    private static final String SCRAPE = "GET /metrics HTTP/1.1\r\n" + CLOSE + "\r\n";
    private static final int IDLE = 2000;
    private static final int UPLOADS = Integer.getInteger("spinbpf.uploads", 300);

    private byte[] object;
    private Service service;

    @BeforeEach
    void start() throws Exception {
        object = Files.readAllBytes(SAMPLE);
        ObjectFile file = new ObjectFile("abba", new NamedFile("abba.bpf.o", ByteString.of(object)), List.of());
        ProgramWorkload workload = ProgramWorkload.of(List.of(file)).withDuration(StressOptions.FOREVER);
        service = Service.start(ServiceOptions.loopback(0), () -> workload, Btf.EMPTY);
    }

    @AfterEach
    void stop() throws IOException {
        scrape();
        assertThat(exchange("GET /-/ready HTTP/1.1\r\n" + CLOSE + "\r\n")).startsWith("HTTP/1.1 200 ");
        service.close();
    }

    private String exchange(String request) throws IOException {
        return RawClient.exchange(service.address(), request);
    }

    private void scrape() throws IOException {
        assertThat(exchange(SCRAPE)).startsWith("HTTP/1.1 200 ").contains("spinbpf_lock_acquisitions_total{");
    }

    @Test
    void shouldServeMetricsBesideIdleConnections() throws IOException {
        List<RawClient> idle = new ArrayList<>();
        try {
            for (int i = 0; i < IDLE; i++) {
                idle.add(new RawClient(service.address()));
                try {
                    idle.getLast().send(i % 2 == 0 ? "" : "POST /api/v1/objects?name=x HTTP/1.1\r\nHost: loc");
                } catch (SocketException e) {
                    // pushed out already
                }
                if (i % 100 == 0) {
                    scrape();
                }
            }
            scrape();
        } finally {
            for (RawClient client : idle) {
                client.close();
            }
        }
    }

    /** Each is verified or refused as a client's mistake; none breaks the service. */
    @Test
    void shouldSurviveUploadsThatAreDamaged() throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        Map<Integer, Integer> statuses = new TreeMap<>();
        for (int i = 0; i < UPLOADS; i++) {
            byte[] damaged = object.clone();
            for (int flips = 1 + random.nextInt(8); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            int status = upload("m", damaged);
            statuses.merge(status, 1, Integer::sum);
            assertThat(status).as("upload %d", i).isIn(201, 422);
            if (status == 201) {
                assertThat(exchange("DELETE /api/v1/objects/m HTTP/1.1\r\n" + CLOSE + "\r\n"))
                        .startsWith("HTTP/1.1 204 ");
            }
            if (i % 50 == 0) {
                scrape();
            }
        }
        assertThat(statuses).containsOnlyKeys(201, 422);
    }

    private int upload(String name, byte[] bytes) throws IOException {
        return send("POST /api/v1/objects?name=" + name, "application/octet-stream", bytes);
    }

    private int send(String target, String type, byte[] bytes) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        String head = target + " HTTP/1.1\r\n" + CLOSE + "Content-Type: " + type + "\r\nContent-Length: " + bytes.length
                + "\r\n\r\n";
        request.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        request.writeBytes(bytes);
        try (RawClient client = new RawClient(service.address())) {
            client.send(request.toByteArray());
            return client.status();
        }
    }

    private int workload(String type, String text) throws IOException {
        return send("PUT /api/v1/workload", type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Each is refused, and the workload before goes on. */
    @Test
    void shouldRefuseWorkloadsThatAreHostile() throws IOException {
        assertThat(send("PUT /api/v1/files/a.bpf.o", "application/octet-stream", object))
                .isEqualTo(204);
        long startedAt = elapsedMillis();
        String laughs = "version: 1\na: &a [" + "x, ".repeat(999) + "x]\nb: &b [" + "*a, ".repeat(999) + "*a]\n";
        String yaml = "application/yaml";
        for (String text : List.of(
                laughs,
                "version: 1\na: &a [*a]\n",
                "version: 1\na: !!javax.script.ScriptEngineManager [x]\n",
                "[".repeat(1 << 20),
                "{a: ".repeat(1 << 18),
                "? ".repeat(1 << 18),
                "- ".repeat(1 << 18),
                "version: 1\n---\nversion: 1\n",
                "version: 1\u0000\n",
                "version: 999999999999999999999999999999\n",
                objects("/etc/passwd"),
                objects("../../../../etc/passwd"),
                objects("file:///etc/passwd"),
                objects("\"a\\0b\""),
                objects("/dev/zero"),
                objects("/proc/self/environ"),
                "kernel_types: /etc/passwd\n" + objects("a.bpf.o"),
                objects("a.bpf.o") + "packets:\n- pcap: /etc/passwd\n",
                objects("a.bpf.o") + "packets:\n" + "- pcap: a.bpf.o\n".repeat(5000),
                objects("a.bpf.o") + "attachments:\n" + "- program: a_then_c\n".repeat(10_000),
                objects("a.bpf.o") + "delays:\n" + "- time: 1us\n".repeat(257),
                objects("a.bpf.o") + "duration: 9999999h\n",
                objects("a.bpf.o") + "cpus: 65\n")) {
            assertThat(workload(yaml, text))
                    .as(text.substring(0, Math.min(20, text.length())))
                    .isEqualTo(422);
        }
        for (String text : List.of(
                "[".repeat(1 << 20),
                "{\"a\":".repeat(1 << 18),
                "{\"version\":" + "9".repeat(1 << 20) + "}",
                "{\"" + "k".repeat(1 << 20) + "\":1}",
                "{\"version\":1}{\"version\":1}",
                "[" + "1,".repeat(300_000) + "1]",
                "version: 1\nobjects: [{file: a.bpf.o}]\n",
                "\ufeff",
                "null")) {
            assertThat(workload("application/json", text))
                    .as(text.substring(0, Math.min(20, text.length())))
                    .isEqualTo(422);
        }
        assertThat(workload(yaml, "x".repeat((4 << 20) + 1))).isEqualTo(413);
        assertThat(workload("text/plain", objects("a.bpf.o"))).isEqualTo(415);
        assertThat(workload("application/json\r\nContent-Type: " + yaml, objects("a.bpf.o")))
                .isEqualTo(400);
        assertThat(elapsedMillis()).isGreaterThan(startedAt);
    }

    private static String objects(String file) {
        return "version: 1\nobjects:\n- file: " + file + "\n";
    }

    /** The time that the workload has run; fails if it does not run. */
    private long elapsedMillis() throws IOException {
        String answer = exchange("GET /api/v1/workload HTTP/1.1\r\n" + CLOSE + "\r\n");
        Object json = JsonTree.read(answer.substring(answer.indexOf("\r\n\r\n") + 4));
        assertThat(JsonTree.at(json, "state")).isEqualTo("running");
        return (Long) JsonTree.at(json, "elapsed_ms");
    }

    /** Each is run or refused; a workload runs afterwards. */
    @Test
    void shouldSurviveWorkloadsThatAreDamaged() throws IOException {
        assertThat(send("PUT /api/v1/files/a.bpf.o", "application/octet-stream", object))
                .isEqualTo(204);
        String text = objects("a.bpf.o")
                + "cpus: 2\nduration: forever\nseed: 1\nlock: queued\nheld_times: 4\n"
                + "interrupts: {nmi: {rate: 1000/s}, hardirq: {period: 1ms}}\n"
                + "attachments:\n- {program: a_then_b, cpus: [0]}\n- {program: b_then_a, cpus: [1], rate: 9999/s}\n"
                + "delays: [{time: 20us, one_in: 2}]\npackets: [{flows: 9}, {hex: '" + "45".repeat(60) + "'}]\n";
        SplittableRandom random = new SplittableRandom(11);
        Map<Integer, Integer> statuses = new TreeMap<>();
        for (int i = 0; i < UPLOADS / 3; i++) {
            StringBuilder damaged = new StringBuilder(text);
            for (int flips = 1 + random.nextInt(2); flips > 0; flips--) {
                int at = random.nextInt(text.length());
                damaged.setCharAt(at, text.charAt(random.nextInt(text.length())));
            }
            int status = workload("application/yaml", damaged.toString());
            statuses.merge(status, 1, Integer::sum);
            assertThat(status).as(damaged.toString()).isIn(200, 422);
            if (i % 20 == 0) {
                scrape();
            }
        }
        assertThat(statuses).containsOnlyKeys(200, 422);
        assertThat(workload("application/yaml", text)).isEqualTo(200);
        assertThat(elapsedMillis()).isNotNegative();
    }

    @Test
    void shouldRefuseDeepAndHugeAndBrokenJson() throws IOException {
        assertThat(start("[".repeat(1 << 20))).isEqualTo(400);
        assertThat(start("{\"a\":".repeat(1 << 17))).isIn(400, 422);
        assertThat(start("{\"seed\":" + "9".repeat(1 << 19) + "}")).isEqualTo(400);
        assertThat(start("{\"" + "k".repeat(1 << 19) + "\":1}")).isEqualTo(400);
        assertThat(start("{\"seed\":1,\"seed\":2}")).isEqualTo(400);
        assertThat(start("{\"seed\":1}{\"seed\":2}")).isEqualTo(400);
        assertThat(start("{\"seed\":9223372036854775808}")).isEqualTo(400);
        assertThat(start("{\"seed\":1.5}")).isEqualTo(422);
        assertThat(start("\0".repeat(100))).isEqualTo(400);
        assertThat(start("{\"seed\":\"" + "x".repeat(1 << 19) + "\"}")).isEqualTo(422);
        assertThat(start("{\"seed\":1}" + " ".repeat(1 << 20))).isEqualTo(413);
        assertThat(start("{\"seed\":1}")).as("it runs already").isEqualTo(409);
    }

    private int start(String json) throws IOException {
        String answer = exchange("POST /api/v1/workload/start HTTP/1.1\r\n" + CLOSE
                + "Content-Type: application/json\r\nContent-Length: " + json.length() + "\r\n\r\n" + json);
        return Integer.parseInt(answer.substring(9, 12));
    }

    @Test
    void shouldNotOpenWhatPathsName() throws IOException {
        for (String path : List.of(
                "/../../etc/passwd",
                "/api/v1/objects/..%2f..%2f..%2fetc%2fpasswd",
                "/api/v1/objects/%2e%2e",
                "/api/v1/programs/../../etc/passwd",
                "/api/v1/maps/abba/..%5c..%5cx",
                "/api/v1/openapi.json/../../x",
                "/api/v1/openapi.json%00.txt",
                "/api/v1//objects",
                "/API/v1/objects",
                "/file:///etc/passwd")) {
            assertThat(exchange("GET " + path + " HTTP/1.1\r\n" + CLOSE + "\r\n"))
                    .as(path)
                    .startsWith("HTTP/1.1 404 ")
                    .doesNotContain("root:");
        }
        assertThat(exchange("GET /api/v1/objects/%00 HTTP/1.1\r\n" + CLOSE + "\r\n"))
                .startsWith("HTTP/1.1 400 ");
        assertThat(exchange("GET /api/v1/objects/%zz HTTP/1.1\r\n" + CLOSE + "\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    /** A client that listens to events and takes none does not hold up the others. */
    @Test
    void shouldNotWaitForClientsThatTakeNoEvents() throws IOException {
        List<RawClient> deaf = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                deaf.add(new RawClient(service.address()));
                deaf.getLast().send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
                deaf.getLast().readUntil("\r\n\r\n");
            }
            assertThat(exchange("GET /api/v1/events HTTP/1.1\r\n" + CLOSE + "\r\n"))
                    .startsWith("HTTP/1.1 503 ");
            scrape();
        } finally {
            for (RawClient client : deaf) {
                client.close();
            }
        }
    }
}
