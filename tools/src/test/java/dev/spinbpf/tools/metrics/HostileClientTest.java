package dev.spinbpf.tools.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients may try: each gets an answer or is cut off, and the next one is served. */
class HostileClientTest {
    private static final String HOST = "127.0.0.1";
    private static final String GET = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    private static final String LAST_GET = "GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n";

    /** So long that no test comes to see it, and so short that those that wait for it do not wait for long. */
    private static final long LONG_MILLIS = 600_000;

    private static final long SHORT_MILLIS = 250;
    private static final int ENOUGH_MILLIS = 60_000;

    private final AtomicInteger scrapes = new AtomicInteger();
    private MetricsServer server;

    @BeforeEach
    void start() throws IOException {
        server = MetricsServer.start(HOST, 0, this::scrape, LONG_MILLIS);
    }

    /** From here on connections have little time. */
    private void haveLittleTime() throws IOException {
        server.close();
        server = MetricsServer.start(HOST, 0, this::scrape, SHORT_MILLIS);
    }

    private String scrape() {
        scrapes.incrementAndGet();
        return "a_metric 1\n".repeat(1000);
    }

    @AfterEach
    void isStillThere() throws Exception {
        try (Socket socket = connect()) {
            awaitServed(socket);
        }
        server.close();
    }

    private Socket connect() throws IOException {
        Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort());
        socket.setSoTimeout(ENOUGH_MILLIS);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    /** All that comes back until the connection ends. */
    private String exchange(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "nonsense, 400",
        "GET, 400",
        "GET / HTTP/1.1 more, 400",
        "GET / FTP/1.1, 400",
        "GET /other HTTP/1.1, 404",
        "GET /metrics/../etc/passwd HTTP/1.1, 404",
        "GET //metrics HTTP/1.1, 404",
        "GET /metrics?x=y HTTP/1.1, 200",
        "GET / HTTP/1.0, 200",
        "POST /metrics HTTP/1.1, 405",
        "CONNECT evil:443 HTTP/1.1, 405",
        "PRI * HTTP/2.0, 505",
        "GET /metrics HTTP/3.0, 505"
    })
    void shouldAnswerEachRequestLine(String line, int status) throws IOException {
        assertThat(exchange(line + "\r\nConnection: close\r\n\r\nSM\r\n\r\n")).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void shouldSayWhichMethodsThereAre() throws IOException {
        assertThat(exchange("DELETE /metrics HTTP/1.1\r\nConnection: close\r\n\r\n")
                        .toLowerCase(java.util.Locale.ROOT))
                .contains("\r\nallow: get, head\r\n");
    }

    @Test
    void shouldAnswerHeadWithTheLengthButNoBody() throws IOException {
        String answer = exchange("HEAD /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
        assertThat(answer)
                .startsWith("HTTP/1.1 200 ")
                .containsIgnoringCase("content-length: 11000")
                .endsWith("\r\n\r\n");
    }

    @Test
    void shouldRefuseOverlongLinesAndHeaders() throws IOException {
        assertThat(exchange("GET /" + "a".repeat(1 << 20) + " HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 414 ");
        assertThat(exchange("GET / HTTP/1.1\r\nA: " + "a".repeat(1 << 20) + "\r\n\r\n"))
                .startsWith("HTTP/1.1 431 ");
        assertThat(exchange("GET / HTTP/1.1\r\n" + "A: b\r\n".repeat(100_000) + "\r\n"))
                .startsWith("HTTP/1.1 431 ");
        assertThat(scrapes.get()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "Content-Length: 99999999999999",
        "Transfer-Encoding: chunked",
        "Content-Length: -1",
        "Content-Length: x"
    })
    void shouldNotWaitForABodyToAnswer(String header) throws IOException {
        String answer = exchange("POST /metrics HTTP/1.1\r\nConnection: close\r\n" + header + "\r\n\r\nabc");
        assertThat(answer).startsWith("HTTP/1.1 40");
    }

    @Test
    void shouldEndAConnectionWhoseRequestNeverEnds() throws Exception {
        haveLittleTime();
        try (Socket socket = connect()) {
            assertThatThrownBy(() -> {
                        send(socket, "GET /metrics HTTP/1.1\r\n");
                        for (int i = 0; i < ENOUGH_MILLIS / 20; i++) {
                            send(socket, "A: b\r\n");
                            Thread.sleep(20);
                        }
                    })
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void shouldPutTogetherARequestThatComesInPieces() throws Exception {
        try (Socket socket = connect()) {
            for (String piece : List.of("GE", "T /metrics HT", "TP/1.1\r\nHo", "st: x\r\n", "\r\n")) {
                send(socket, piece);
                Thread.sleep(20);
            }
            assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
        }
    }

    @Test
    void shouldEndAConnectionThatSaysNothing() throws IOException {
        haveLittleTime();
        try (Socket socket = connect()) {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void shouldAnswerPipelinedRequestsInOrderAndKeepTheConnection() throws IOException {
        String requests = GET + "HEAD /metrics HTTP/1.1\r\n\r\n" + "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n";
        String answer = exchange(requests);
        assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(4);
        assertThat(answer).contains("404 Not Found");
        assertThat(scrapes.get()).isEqualTo(2);
    }

    @Test
    void shouldScrapeNoMoreThanAClientReads() throws Exception {
        haveLittleTime();
        try (Socket socket = connect()) {
            Thread flood = Thread.ofVirtual().start(() -> {
                try {
                    String many = GET.repeat(100);
                    for (int i = 0; i < 1000; i++) {
                        send(socket, many);
                    }
                } catch (IOException e) {
                    // it is cut off, as it has to be
                }
            });
            flood.join(ENOUGH_MILLIS);
            assertThat(flood.isAlive()).isFalse();
        }
        assertThat(scrapes.get()).isLessThan(2000);
    }

    @Test
    void shouldHoldOnlySoManyConnections() throws IOException {
        List<Socket> sockets = new ArrayList<>();
        int cutOff = 0;
        try {
            for (int i = 0; i < MetricsServer.MAX_CONNECTIONS + 20; i++) {
                sockets.add(connect());
            }
            for (Socket socket : sockets.subList(MetricsServer.MAX_CONNECTIONS, sockets.size())) {
                cutOff += isEnded(socket) ? 1 : 0;
            }
            for (Socket socket : sockets.subList(0, MetricsServer.MAX_CONNECTIONS)) {
                send(socket, LAST_GET);
                assertThat(socket.getInputStream().readNBytes(12)).asString().isEqualTo("HTTP/1.1 200");
            }
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        assertThat(cutOff).isEqualTo(20);
    }

    private static boolean isEnded(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    /** Closed connections are counted off a moment later. */
    private void awaitServed(Socket first) throws Exception {
        Socket socket = first;
        for (int i = 0; i < ENOUGH_MILLIS / 20; i++) {
            try (Socket used = socket) {
                send(used, LAST_GET);
                InputStream in = used.getInputStream();
                if (in.read() == 'H') {
                    return;
                }
                Thread.sleep(20);
            } catch (SocketException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
            socket = connect();
        }
        throw new AssertionError("no connection is accepted any more");
    }

    @Test
    void shouldTellThatTheMetricsCouldNotBeRead() throws IOException {
        try (MetricsServer broken = MetricsServer.start(
                HOST,
                0,
                () -> {
                    throw new IllegalStateException("no numbers");
                },
                LONG_MILLIS)) {
            MetricsServer good = server;
            server = broken;
            assertThat(exchange(LAST_GET)).startsWith("HTTP/1.1 500 ").contains("no numbers");
            server = good;
        }
    }

    @Test
    void shouldNameAHostThatIsNotOfThisMachine() {
        assertThatThrownBy(() -> MetricsServer.start("no.such.host.invalid", 0, () -> ""))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no.such.host.invalid:0 (unknown host)")
                .hasMessageContaining("--metrics-host");
        assertThatThrownBy(() -> MetricsServer.start("192.0.2.1", 0, () -> ""))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("192.0.2.1:0")
                .hasMessageContaining("--metrics-host");
    }
}
