package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a service that keeps its state, at random moments while it is changed: whatever was acknowledged is there when
 * it comes up again, and nothing that was begun is there in part. How often is a property, for a profile.
 */
@Timeout(1800)
class KillTest {
    private static final int KILLS = Integer.getInteger("spinbpf.kills", 4);
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final String MAP = "/api/v1/maps/nesting/latest/elements/";
    private static final int KEYS = 4;

    @TempDir
    private Path state;

    private final HttpClient client = HttpClient.newHttpClient();
    private final SplittableRandom random = new SplittableRandom(20_261_127);

    /** The last request that was acknowledged, and the last that was made and perhaps not acknowledged. */
    private final Map<String, String> acknowledged = new HashMap<>();

    private final Map<String, String> asked = new HashMap<>();
    private final AtomicInteger changes = new AtomicInteger();
    private final AtomicReference<AssertionError> failure = new AtomicReference<>();
    private final List<Process> processes = new ArrayList<>();
    private String url = "";

    @Test
    void shouldKeepWhatWasAcknowledged() throws Exception {
        start();
        byte[] nesting = Files.readAllBytes(SAMPLES.resolve("nesting.bpf.o"));
        assertThat(send("POST", "/api/v1/objects?name=nesting", "application/octet-stream", nesting))
                .isEqualTo(201);
        assertThat(send("POST", "/api/v1/programs/nesting/sample/load", "", new byte[0]))
                .isEqualTo(200);
        assertThat(send("PUT", "/api/v1/files/w.bpf.o", "application/octet-stream", nesting))
                .isEqualTo(204);
        for (int kill = 0; kill < KILLS; kill++) {
            int before = changes.get();
            Thread changing = Thread.ofPlatform().start(this::changeUntilItEnds);
            while (changes.get() <= before && changing.isAlive()) {
                Thread.sleep(10); // on a machine that is busy
            }
            Thread.sleep(random.nextInt(1500));
            processes.getLast().destroyForcibly();
            assertThat(processes.getLast().waitFor(60, TimeUnit.SECONDS)).isTrue();
            changing.join();
            assertThat(failure.get()).isNull();
            start();
            assertKept(kill);
        }
        processes.getLast().destroy();
        assertThat(processes.getLast().waitFor(60, TimeUnit.SECONDS)).isTrue();
        start();
        assertKept(KILLS);
        processes.getLast().destroyForcibly();
        client.close();
        assertThat(changes.get()).isGreaterThanOrEqualTo(KILLS);
    }

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    private void start() throws IOException {
        ServiceProcess service = ServiceProcess.start(
                List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
                List.of("--nmi-every", "20ms", "--state", state.toString()));
        processes.add(service.process());
        url = service.url();
    }

    private int send(String method, String path, String type, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                .method(method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
        if (!type.isEmpty()) {
            request.header("Content-Type", type);
        }
        HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isLessThan(500);
        return response.statusCode();
    }

    private void changeUntilItEnds() {
        try {
            while (true) {
                change();
                changes.incrementAndGet();
            }
        } catch (IOException e) {
            // It was killed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (AssertionError e) {
            failure.set(e);
        }
    }

    /** One change: an element, an object, a file, or the workload. */
    private void change() throws IOException, InterruptedException {
        switch (random.nextInt(10)) {
            case 0 -> {
                String name = "o" + random.nextInt(3);
                boolean there = !"".equals(acknowledged.getOrDefault(name, ""));
                byte[] object = Files.readAllBytes(SAMPLES.resolve("balanced.bpf.o"));
                asked.put(name, there ? "" : "object");
                int status = there
                        ? send("DELETE", "/api/v1/objects/" + name, "", new byte[0])
                        : send("POST", "/api/v1/objects?name=" + name, "application/octet-stream", object);
                assertThat(status).isIn(201, 204);
                acknowledged.put(name, there ? "" : "object");
            }
            case 1 -> {
                boolean runs = acknowledged.getOrDefault("workload", "stopped").equals("running");
                asked.put("workload", runs ? "stopped" : "running");
                assertThat(send("POST", "/api/v1/workload/" + (runs ? "stop" : "start"), "", new byte[0]))
                        .isEqualTo(200);
                acknowledged.put("workload", runs ? "stopped" : "running");
            }
            case 2 -> {
                int cpus = 1 + random.nextInt(4);
                String workload = "{\"version\":1,\"duration\":\"forever\",\"cpus\":" + cpus
                        + ",\"objects\":[{\"file\":\"w.bpf.o\",\"name\":\"w" + cpus + "\",\"programs\":[\"sample\"]}],"
                        + "\"attachments\":[{\"program\":\"sample\",\"rate\":\"" + cpus + "00/s\"},"
                        + "{\"program\":\"sample\",\"rate\":\"50/s\"}]}";
                asked.put("cpus", "w" + cpus);
                assertThat(send(
                                "PUT",
                                "/api/v1/workload",
                                "application/json",
                                workload.getBytes(StandardCharsets.UTF_8)))
                        .isEqualTo(200);
                acknowledged.put("cpus", "w" + cpus);
            }
            case 3 -> {
                String name = "f" + random.nextInt(3);
                boolean there = !"".equals(acknowledged.getOrDefault(name, ""));
                byte[] bytes = there ? new byte[0] : new byte[1 + random.nextInt(1000)];
                asked.put(name, there ? "" : Integer.toString(bytes.length));
                assertThat(send(there ? "DELETE" : "PUT", "/api/v1/files/" + name, "application/octet-stream", bytes))
                        .isEqualTo(204);
                acknowledged.put(name, there ? "" : Integer.toString(bytes.length));
            }
            default -> {
                String key = "0" + random.nextInt(KEYS) + "0000ff";
                String value = String.format("%016x", random.nextLong());
                asked.put(key, value);
                byte[] body = ("{\"value\":\"" + value + "\"}").getBytes(StandardCharsets.UTF_8);
                assertThat(send("PUT", MAP + key, "application/json", body)).isEqualTo(204);
                acknowledged.put(key, value);
            }
        }
    }

    private String get(String path) throws IOException, InterruptedException {
        HttpResponse<String> response =
                client.send(HttpRequest.newBuilder(URI.create(url + path)).build(), BodyHandlers.ofString());
        return response.statusCode() == 404 ? "" : response.body();
    }

    private void assertKept(int kill) throws Exception {
        for (String what : new TreeSet<>(asked.keySet())) {
            String now = now(what);
            assertThat(now)
                    .as("%s after kill %d", what, kill)
                    .isIn(acknowledged.getOrDefault(what, what.equals("workload") ? "stopped" : ""), asked.get(what));
            acknowledged.put(what, now);
            asked.put(what, now);
        }
        assertThat(JsonTree.at(JsonTree.read(get("/api/v1/programs/nesting/sample")), "state"))
                .isEqualTo("loaded");
    }

    private String now(String what) throws Exception {
        if (what.equals("workload")) {
            String phase = (String) JsonTree.at(JsonTree.read(get("/api/v1/workload")), "state");
            return phase.equals("running") ? phase : "stopped";
        }
        if (what.equals("cpus")) {
            return workload();
        }
        if (what.startsWith("f")) {
            for (Object file : (List<?>) JsonTree.at(JsonTree.read(get("/api/v1/files")), "files")) {
                if (JsonTree.at(file, "name").equals(what)) {
                    return JsonTree.at(file, "size_bytes").toString();
                }
            }
            return "";
        }
        if (what.startsWith("o")) {
            return get("/api/v1/objects/" + what).isEmpty() ? "" : "object";
        }
        String element = get(MAP + what);
        return element.isEmpty() ? "" : (String) JsonTree.at(JsonTree.read(element), "values", 0);
    }

    /** The workload by its number of CPUs, after a look that all else of it is there and nothing of another one. */
    private String workload() throws Exception {
        Object cpus = JsonTree.at(JsonTree.read(get("/api/v1/workload")), "cpus");
        List<String> objects = new ArrayList<>();
        for (Object object : (List<?>) JsonTree.at(JsonTree.read(get("/api/v1/objects")), "objects")) {
            String name = (String) JsonTree.at(object, "name");
            if (name.startsWith("w")) {
                objects.add(name);
                assertThat(JsonTree.at(JsonTree.read(get("/api/v1/programs/" + name + "/sample")), "state"))
                        .isEqualTo("attached");
            }
        }
        if (objects.isEmpty()) {
            return "";
        }
        assertThat(objects).containsExactly("w" + cpus);
        return objects.getFirst();
    }
}
