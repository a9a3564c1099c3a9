package dev.spinbpf.tools.cli;

import static dev.spinbpf.tools.cli.Outcome.spinbpf;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.SelfSigned;
import dev.spinbpf.tools.serve.Service;
import dev.spinbpf.tools.serve.ServiceOptions;
import dev.spinbpf.tools.serve.http.HttpLimits;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.StressOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Drives the commands that ask a service, against one in this process. */
@Timeout(300)
class ServiceCommandsTest {
    private static final Path SAMPLES = Path.of(System.getProperty("spinbpf.root", ".."), "programs", "samples");
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    /** Calls a command on a service and returns its outcome. */
    private static Outcome at(Service service, String... arguments) {
        return at("http://127.0.0.1:" + service.address().getPort(), arguments);
    }

    private static Outcome at(String url, String... arguments) {
        return spinbpf(
                Stream.concat(Stream.of(arguments), Stream.of("--server", url)).toArray(String[]::new));
    }

    private static Service service(@Nullable Path tokenFile) throws Exception {
        ServiceOptions options = new ServiceOptions(
                new InetSocketAddress(LOOPBACK, 0), Set.of(), tokenFile, null, null, null, HttpLimits.DEFAULT);
        return Service.start(
                options, () -> ProgramWorkload.of(List.of()).withDuration(StressOptions.FOREVER), Btf.EMPTY);
    }

    private static String sample(String name) {
        return SAMPLES.resolve(name).toString();
    }

    @Test
    void shouldLoadListAndUnload() throws Exception {
        try (Service service = service(null)) {
            assertThat(at(service, "list")).isEqualTo(new Outcome(0, "no objects; spinbpf load FILE loads one\n", ""));
            Outcome loaded = at(service, "load", sample("packet_counter.bpf.o"), sample("counter.bpfasm"));
            assertThat(loaded.err()).isEmpty();
            assertThat(loaded.code()).isZero();
            assertThat(loaded.out())
                    .startsWith("File ")
                    .contains(" 0 refused\n")
                    .containsPattern("attached packet_counter/\\w+ to \\S+\n")
                    .containsPattern("attached counter/\\w+ to \\S+\n");
            assertThat(at(service, "list").out())
                    .startsWith("Object ")
                    .containsPattern("packet_counter  \\w+ +\\w+ +attached ")
                    .containsPattern("counter +\\w+ +\\w+ +attached ");
            assertThat(at(service, "list", "--json").out())
                    .startsWith("{\n")
                    .contains("\"objects\" : [ {", "\"state\" : \"attached\"")
                    .endsWith("}\n");
            Outcome unloaded = at(service, "unload", "counter");
            assertThat(unloaded.out()).containsPattern("^unloaded \\w+\nremoved counter\n$");
            assertThat(unloaded.code()).isZero();
            assertThat(at(service, "list").out()).doesNotContain("\ncounter ").contains("packet_counter");
        }
    }

    @Test
    void shouldLoadAWorkloadFileWithWhatItNames() throws Exception {
        Path typed = Files.createDirectory(directory.resolve("w")).resolve("typed.yaml");
        Files.copy(Path.of(sample("abba.bpf.o")), typed.resolveSibling("a b.bpf.o"));
        Files.write(typed.resolveSibling("c.pcap"), capture());
        Files.writeString(
                typed,
                "version: 1\ncpus: 3\nduration: forever\nobjects:\n- file: a b.bpf.o\nattachments:\n"
                        + "- {program: a_then_b, cpus: [0]}\npackets:\n- pcap: c.pcap\n");
        try (Service service = service(null)) {
            Outcome loaded = at(service, "load", typed.toString());
            assertThat(loaded.err()).isEmpty();
            assertThat(loaded.code()).isZero();
            assertThat(loaded.out())
                    .containsPattern("a b.bpf.o +a_then_b ")
                    .contains(" 0 refused\n", "attached a_b/a_then_b to packet\n")
                    .doesNotContain("attached a_b/b_then_a");
            assertThat(get(service, "workload")).startsWith("{\"state\":\"running\",\"cpus\":3,");
            assertThat(get(service, "files")).isEqualTo("{\"files\":[]}\n");
            Path wrong = Files.writeString(
                    typed.resolveSibling("wrong.yaml"), "version: 1\ncpu: 3\nobjects:\n- file: none.bpf.o\n");
            Outcome refused = at(service, "load", wrong.toString());
            assertThat(refused.err().lines())
                    .satisfiesExactly(
                            line -> assertThat(line).contains("wrong.yaml:2:1: key 'cpu': is not known here"),
                            line -> assertThat(line)
                                    .contains("wrong.yaml:4:9: key 'objects[0].file': expected a file"));
            assertThat(refused.code()).isEqualTo(ExitCodes.USAGE);
            Outcome two = at(service, "load", typed.toString(), sample("abba.bpf.o"));
            assertThat(two.err()).contains("a workload file stands alone");
            assertThat(get(service, "workload")).startsWith("{\"state\":\"running\",\"cpus\":3,");
            assertThat(at(service, "load", sample("irqsave.yaml")).code()).isZero();
            assertThat(get(service, "objects")).contains("\"name\":\"irqsave\"").doesNotContain("\"name\":\"a_b\"");
        }
    }

    private static String get(Service service, String path) throws Exception {
        URI url = URI.create("http://127.0.0.1:" + service.address().getPort() + "/api/v1/" + path);
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString())
                    .body();
        }
    }

    /** A capture of one frame of 60 bytes. */
    private static byte[] capture() {
        ByteBuffer file = ByteBuffer.allocate(24 + 16 + 60).putInt(0xa1b2c3d4).putInt(20, 1);
        return file.putInt(32, 60).putInt(36, 60).array();
    }

    @Test
    void shouldShowVerdictsAndExitWithOneWhereAProgramWasRefused() throws Exception {
        try (Service service = service(null)) {
            Outcome ended = at(service, "load", sample("leaked_lock.bpf.o"), sample("nesting.bpf.o"));
            assertThat(ended.code()).isEqualTo(ExitCodes.REFUSED);
            assertThat(verdictsOf(ended.out()))
                    .isEqualTo(verdictsOf(spinbpf("verify", sample("leaked_lock.bpf.o"), sample("nesting.bpf.o"))
                            .out()));
            assertThat(ended.out()).contains("attached nesting/");
            assertThat(at(service, "list").out()).contains("nesting", " rejected ");
        }
    }

    /** The lines of a table and its reasons, without the times. */
    private static List<String> verdictsOf(String text) {
        return text.lines()
                .filter(line -> !line.startsWith("attached "))
                .map(line ->
                        line.replaceFirst("(success|failure) +\\d+ ", "$1 ").replaceAll(" +", " "))
                .toList();
    }

    @Test
    void shouldTakeProgramsByName() throws Exception {
        try (Service service = service(null)) {
            Outcome one = at(service, "load", "--prog", "sample", sample("nesting.bpf.o"), "--json");
            assertThat(one.code()).isZero();
            assertThat(one.out()).contains("\"prog_name\" : \"sample\"").doesNotContain("refused_leak");
            assertThat(at(service, "list").out()).containsOnlyOnce(" attached ");
            Outcome none = at(service, "load", "--prog", "nothing", sample("leaked_lock.bpf.o"));
            assertThat(none.err()).isEqualTo("spinbpf: no program named nothing; there are leak\n");
            assertThat(none.code()).isEqualTo(ExitCodes.USAGE);
            Outcome wrong = at(service, "unload", "nesting", "--prog", "nothing");
            assertThat(wrong.err()).startsWith("spinbpf: not all of nothing are programs of nesting; it has ");
            assertThat(wrong.code()).isEqualTo(ExitCodes.USAGE);
            assertThat(at(service, "unload", "nesting", "--prog", "sample").out())
                    .isEqualTo("unloaded sample\nremoved nesting\n");
        }
    }

    @Test
    void shouldShowProblemsOfTheService() throws Exception {
        Path broken = Files.writeString(directory.resolve("broken.bpf.o"), "this is no object");
        try (Service service = service(null)) {
            assertThat(at(service, "load", sample("nesting.bpf.o"), "--prog", "sample")
                            .code())
                    .isZero();
            Outcome twice = at(service, "load", sample("nesting.bpf.o"));
            assertThat(twice.err())
                    .isEqualTo("spinbpf: nesting.bpf.o: Conflict: there is an object nesting already;"
                            + " remove it first\n");
            assertThat(twice.out()).isEmpty();
            assertThat(twice.code()).isEqualTo(ExitCodes.REFUSED);
            assertThat(at(service, "unload", "absent"))
                    .isEqualTo(new Outcome(1, "", "spinbpf: Not Found: there is no object absent\n"));
            Outcome noObject = at(service, "load", broken.toString());
            assertThat(noObject.err()).startsWith("spinbpf: broken.bpf.o: Unprocessable Entity: ");
            assertThat(noObject.code()).isEqualTo(ExitCodes.REFUSED);
        }
    }

    @Test
    void shouldTakeTheCertificateThatIsNamed() throws Exception {
        SelfSigned keys = SelfSigned.in(directory);
        Path other = Files.createDirectory(directory.resolve("other"));
        ServiceOptions options = new ServiceOptions(
                new InetSocketAddress(LOOPBACK, 0),
                Set.of(),
                null,
                keys.certificate(),
                keys.key(),
                null,
                HttpLimits.DEFAULT);
        try (Service service = Service.start(options, () -> ProgramWorkload.of(List.of()), Btf.EMPTY)) {
            String url = "https://127.0.0.1:" + service.address().getPort();
            assertThat(at(url, "list", "--ca-cert", keys.certificate().toString()))
                    .isEqualTo(new Outcome(0, "no objects; spinbpf load FILE loads one\n", ""));
            for (Outcome refused : List.of(
                    at(url, "list"),
                    at(
                            url,
                            "list",
                            "--ca-cert",
                            SelfSigned.in(other).certificate().toString()))) {
                assertThat(refused.err()).startsWith("spinbpf: cannot ask " + url + ": ");
                assertThat(refused.code()).isEqualTo(ExitCodes.USAGE);
            }
            Outcome none = at(url, "list", "--ca-cert", keys.key().toString());
            assertThat(none.err()).startsWith("spinbpf: --ca-cert: cannot be used: ");
            assertThat(none.code()).isEqualTo(ExitCodes.USAGE);
        }
    }

    @Test
    void shouldShowTheTokenAndSayWhereOneIsMissing() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), TOKEN);
        Path other = Files.writeString(directory.resolve("other"), TOKEN.replace('0', '1'));
        try (Service service = service(token)) {
            Outcome without = at(service, "list");
            assertThat(without.err())
                    .isEqualTo("spinbpf: Unauthorized: this needs a token; give it with --token-file FILE"
                            + " or in SPINBPF_TOKEN\n");
            assertThat(without.code()).isEqualTo(ExitCodes.USAGE);
            assertThat(at(service, "load", sample("nesting.bpf.o"), "--token-file", other.toString()))
                    .isEqualTo(new Outcome(
                            2,
                            "",
                            "spinbpf: Unauthorized: this is not the token; give it with --token-file FILE"
                                    + " or in SPINBPF_TOKEN\n"));
            assertThat(at(service, "list", "--token-file", token.toString()).code())
                    .isZero();
        }
    }

    @Test
    void shouldSayThatThereIsNoService() throws Exception {
        String url;
        try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
            url = "http://127.0.0.1:" + socket.getLocalPort();
        }
        for (String command : List.of("load " + sample("nesting.bpf.o"), "unload nesting", "list")) {
            assertThat(at(url, command.split(" ")))
                    .isEqualTo(new Outcome(
                            2, "", "spinbpf: there is no service at " + url + "; start one with: spinbpf serve\n"));
        }
        Outcome noUrl = at("127.0.0.1:9464", "list");
        assertThat(noUrl.err())
                .isEqualTo("spinbpf: --server: '127.0.0.1:9464' is no URL of a service; write http://HOST:PORT\n");
        assertThat(noUrl.code()).isEqualTo(ExitCodes.USAGE);
    }

    @Test
    void shouldReadAndChangeTheMapsOfAService() throws Exception {
        try (Service service = service(null)) {
            assertThat(at(service, "map", "list").out()).startsWith("no maps; ");
            at(service, "load", sample("nesting.bpf.o"), sample("packet_counter.bpf.o"));
            assertThat(at(service, "map", "list").out())
                    .startsWith("Object ")
                    .containsPattern("nesting +latest +hash +4B +8B +\\d+\n");
            assertThat(at(service, "map", "list", "packet_counter", "-j").out())
                    .startsWith("[{\"object\":\"packet_counter\",\"name\":\"packets\",\"type\":\"percpu_array\",");
            for (int key = 0; key < 2; key++) {
                String[] update =
                        ("map update nesting latest key 1 2 3 " + key + " value 1 0 0 0 0 0 0 0").split(" ", -1);
                assertThat(at(service, update)).isEqualTo(new Outcome(0, "", ""));
            }
            Outcome twice =
                    at(service, "map update nesting latest key 1 2 3 1 value 1 0 0 0 0 0 0 0 noexist".split(" ", -1));
            assertThat(twice.code()).isEqualTo(ExitCodes.REFUSED);
            assertThat(twice.err()).endsWith("the element cannot be put in: EEXIST\n");
            assertThat(at(service, "map lookup nesting latest key 1 2 3 1 -j".split(" ", -1))
                            .out())
                    .startsWith("{\"key\":[\"0x01\",\"0x02\",\"0x03\",\"0x01\"],\"values\":[[\"0x01\",");
            assertThat(at(service, "map dump nesting latest".split(" ", -1)).out())
                    .containsPattern("(?s)\\A.+Found \\d+ elements\n\\z");
            assertThat(at(service, "map delete nesting latest key 1 2 3 1".split(" ", -1))
                            .code())
                    .isZero();
            assertThat(at(service, "map lookup nesting latest key 1 2 3 1".split(" ", -1))
                            .err())
                    .isEqualTo("spinbpf: Not Found: the element cannot be read: ENOENT\n");
            assertThat(at(service, "map", "pop", "nesting", "latest").code()).isEqualTo(ExitCodes.USAGE);
            assertThat(at(service, "unload", "packet_counter", "--json").out())
                    .isEqualTo("{\"object\":\"packet_counter\",\"unloaded\":[\"count\"],\"removed\":true}\n");
        }
    }

    @Test
    void shouldShowViewsOfAServiceAsLines() throws Exception {
        try (Service service = service(null)) {
            at(service, "load", sample("packet_counter.bpf.o"));
            Outcome text = at(service, "top", "-n", "2", "--interval", "10ms", "--sort", "name");
            assertThat(text.err()).isEmpty();
            assertThat(text.code()).isZero();
            assertThat(text.out().lines().filter(line -> line.startsWith("spinbpf top  http://127.0.0.1:")))
                    .hasSize(2)
                    .allMatch(line -> line.endsWith(" by name"));
            assertThat(text.out())
                    .containsPattern("\npacket_counter  count +packet +\\d+")
                    .contains("\nCPU  Context ");
            Outcome json = at(service, "top", "-n", "3", "--interval", "10ms", "--json");
            assertThat(json.out().lines()).hasSize(3).allMatch(line -> line.startsWith("{\"source\":\"http:"));
        }
    }

    @Test
    void shouldShowViewsOfAWorkloadThatItRunsItself() {
        Outcome ended = spinbpf("top", sample("abba.bpf.o"), "-n", "1", "--interval", "300ms");
        assertThat(ended.code()).isZero();
        assertThat(ended.out()).contains("abba.bpf.o  running ").containsPattern("\nabba    a_then_b  packet +\\d");
        assertThat(spinbpf("top", sample("abba.yaml"), "--server", "http://127.0.0.1:1")
                        .err())
                .startsWith("spinbpf: --server: of a service, or FILEs to run here, not both\n");
        assertThat(spinbpf("top", sample("absent.bpf.o")).err())
                .isEqualTo("spinbpf: " + sample("absent.bpf.o") + ": no such file\n");
        assertThat(spinbpf("top", "--interval", "0").code()).isEqualTo(ExitCodes.USAGE);
        assertThat(spinbpf("top", "-n", "0").code()).isEqualTo(ExitCodes.USAGE);
    }

    /** Answers of other servers, and of hostile ones: deep, endless in their own way, cut, or elsewhere. */
    @Test
    void shouldTakeNoOtherServerForAService() throws IOException {
        String deep = "[".repeat(100_000);
        List<String> bodies =
                List.of("<html>", "", "{}", "{\"objects\":[{}]}", "{\"objects\":3}", deep, "{\"objects\":[");
        for (String body : bodies) {
            assertThat(askOther(200, body).code()).as(body).isEqualTo(ExitCodes.USAGE);
        }
        assertThat(askOther(404, "<html>").err())
                .contains("answers, but not as spinbpf serve does (status 404; Unexpected character");
        assertThat(askOther(302, "").err()).contains("answers, but not as spinbpf serve does (status 302; a redirect)");
        assertThat(askOther(418, "{\"title\":\"I\\u001b[31m\",\"detail\":\"a\\nb\",\"more\":{\"x\":[1]}}"))
                .isEqualTo(new Outcome(1, "", "spinbpf: I\\u001b[31m: a\\u000ab\n"));
    }

    private static Outcome askOther(int status, String body) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 1);
        server.createContext("/", exchange -> {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Location", "http://127.0.0.1:1/");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        try {
            return at("http://127.0.0.1:" + server.getAddress().getPort() + "/", "list");
        } finally {
            server.stop(0);
        }
    }
}
