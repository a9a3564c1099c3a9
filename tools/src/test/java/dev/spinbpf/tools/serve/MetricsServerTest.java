package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.tools.metrics.Exposition;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class MetricsServerTest {
    private static final String HOST = "127.0.0.1";

    @Test
    void shouldServeTheMetricsAsPrometheusText() throws Exception {
        try (MetricsServer server = MetricsServer.start(
                HOST,
                0,
                accept -> new Exposition(
                        "text/plain; version=0.0.4; charset=utf-8", "a_metric 1\n".getBytes(StandardCharsets.UTF_8)))) {
            HttpResponse<String> response = get(server, "/metrics");
            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("a_metric 1\n");
            assertThat(response.headers().firstValue("content-type"))
                    .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain; version=0.0.4"));
        }
    }

    @Test
    void shouldListenOnLoopbackOnly() throws Exception {
        try (MetricsServer server = MetricsServer.start(
                HOST,
                0,
                accept -> new Exposition(
                        "text/plain; version=0.0.4; charset=utf-8", "".getBytes(StandardCharsets.UTF_8)))) {
            assertThat(server.address().getAddress().isLoopbackAddress()).isTrue();
        }
    }

    @Test
    void shouldRefuseOtherPathsAndMethods() throws Exception {
        try (MetricsServer server = MetricsServer.start(
                HOST,
                0,
                accept -> new Exposition(
                        "text/plain; version=0.0.4; charset=utf-8", "".getBytes(StandardCharsets.UTF_8)))) {
            assertThat(get(server, "/etc/passwd").statusCode()).isEqualTo(404);
            HttpRequest post = HttpRequest.newBuilder(uri(server, "/metrics"))
                    .POST(HttpRequest.BodyPublishers.ofString("x"))
                    .build();
            assertThat(send(post).statusCode()).isEqualTo(405);
        }
    }

    @Test
    void shouldAnswerGarbageAndOverlongRequestsWithAnErrorAndCloseTheConnection() throws Exception {
        try (MetricsServer server = MetricsServer.start(
                HOST,
                0,
                accept -> new Exposition(
                        "text/plain; version=0.0.4; charset=utf-8", "".getBytes(StandardCharsets.UTF_8)))) {
            for (String request :
                    new String[] {"\0\1\2 nonsense\r\n\r\n", "GET /" + "a".repeat(100_000) + " HTTP/1.1\r\n\r\n"}) {
                assertThat(exchange(server, request))
                        .satisfiesAnyOf(
                                answer -> assertThat(answer).startsWith("HTTP/1.1 4"),
                                answer -> assertThat(answer).isEmpty());
            }
            assertThat(get(server, "/metrics").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void shouldNameTheAddressThatCannotBeBound() throws Exception {
        try (MetricsServer server = MetricsServer.start(
                HOST,
                0,
                accept -> new Exposition(
                        "text/plain; version=0.0.4; charset=utf-8", "".getBytes(StandardCharsets.UTF_8)))) {
            int taken = server.address().getPort();
            assertThatThrownBy(() -> MetricsServer.start(
                            HOST,
                            taken,
                            accept -> new Exposition(
                                    "text/plain; version=0.0.4; charset=utf-8", "".getBytes(StandardCharsets.UTF_8))))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(HOST + ":" + taken)
                    .hasMessageContaining("--metrics-port");
        }
    }

    private static String exchange(MetricsServer server, String request) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.ISO_8859_1);
        } catch (java.net.SocketException reset) {
            return "";
        }
    }

    private static HttpResponse<String> get(MetricsServer server, String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(server, path)).build());
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        }
    }

    private static URI uri(MetricsServer server, String path) {
        return URI.create("http://" + HOST + ":" + server.address().getPort() + path);
    }
}
