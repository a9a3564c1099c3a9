package dev.spinbpf.tools.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hostile clients: each gets an answer or is cut off, and the next one is served. */
@Timeout(300)
class HostileClientTest {
    private static final String GET = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    private static final String LAST_GET = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    private static final String POST = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

    /** So long that no test comes to see it, and so short that those that wait for it do not wait for long. */
    private static final long LONG_MILLIS = 600_000;

    private static final long SHORT_MILLIS = 250;
    private static final int MOST_CONNECTIONS = 32;
    private static final HttpLimits LIMITS = new HttpLimits(
            HttpLimits.DEFAULT.requestLineBytes(),
            HttpLimits.DEFAULT.headerBytes(),
            MOST_CONNECTIONS,
            HttpLimits.DEFAULT.streams(),
            HttpLimits.DEFAULT.bufferedBytes(),
            new HttpLimits.Times(LONG_MILLIS, LONG_MILLIS, LONG_MILLIS),
            new HttpLimits.Work(2, 2, 1));
    private static final Route.Body JSON = new Route.Body("application/json", 1024, true);

    private final AtomicInteger scrapes = new AtomicInteger();
    private final AtomicInteger echoes = new AtomicInteger();
    private final CountDownLatch goOn = new CountDownLatch(1);
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = start(LIMITS);
    }

    private HttpServer start(HttpLimits limits) throws IOException {
        Router router = new Router(List.of(
                Route.open("/metrics", Route.Lane.DIRECT, request -> {
                    scrapes.incrementAndGet();
                    return Reply.text(200, "text/plain", "a_metric 1\n".repeat(1000));
                }),
                Route.change("POST", "/echo", JSON, request -> {
                    echoes.incrementAndGet();
                    return new Reply.Content(200, "application/json", request.body(), Map.of());
                }),
                Route.get("/slow", List.of(), request -> slow()),
                new Route("GET", "/heavy", Route.Lane.HEAVY, Route.Body.NONE, false, List.of(), request -> slow()),
                Route.open("/broken", Route.Lane.DIRECT, request -> {
                    throw new IllegalStateException("no numbers");
                })));
        return HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                router,
                AccessRules.LOOPBACK,
                limits,
                null,
                RequestObserver.NONE);
    }

    private Reply slow() {
        try {
            goOn.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return Reply.json("{}");
    }

    /** From here on connections have little time. */
    private void haveLittleTime() throws IOException {
        server.close();
        server = start(LIMITS.with(new HttpLimits.Times(SHORT_MILLIS, SHORT_MILLIS, SHORT_MILLIS)));
    }

    @AfterEach
    void isStillThere() throws Exception {
        goOn.countDown();
        assertThat(exchange(LAST_GET)).startsWith("HTTP/1.1 200 ");
        server.close();
    }

    private RawClient connect() throws IOException {
        return new RawClient(server.address());
    }

    private String exchange(String request) throws IOException {
        return RawClient.exchange(server.address(), request);
    }

    @ParameterizedTest
    @CsvSource({
        "nonsense, 400",
        "GET, 400",
        "GET / HTTP/1.1 more, 400",
        "GET / FTP/1.1, 400",
        "GET /other HTTP/1.1, 404",
        "GET /metrics/ HTTP/1.1, 404",
        "GET /metrics/../etc/passwd HTTP/1.1, 404",
        "GET /..%2f..%2fetc/passwd HTTP/1.1, 404",
        "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1, 404",
        "GET /metric%73 HTTP/1.1, 404",
        "GET //metrics HTTP/1.1, 404",
        "GET metrics HTTP/1.1, 400",
        "GET * HTTP/1.1, 400",
        "GET /metrics#x HTTP/1.1, 400",
        "GET ftp://localhost/metrics HTTP/1.1, 400",
        "GET http://localhost/metrics HTTP/1.1, 200",
        "GET /metrics?x=y HTTP/1.1, 200",
        "GET /metrics HTTP/1.0, 200",
        "POST /metrics HTTP/1.1, 405",
        "OPTIONS /metrics HTTP/1.1, 405",
        "GET /echo HTTP/1.1, 405",
        "CONNECT evil:443 HTTP/1.1, 400",
        "BREW /metrics HTTP/1.1, 501",
        "PRI * HTTP/2.0, 505",
        "GET /metrics HTTP/3.0, 505"
    })
    void shouldAnswerEachRequestLine(String line, int status) throws IOException {
        assertThat(exchange(line + "\r\nHost: localhost\r\nConnection: close\r\n\r\nSM\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
    }

    @ParameterizedTest
    @CsvSource({
        "'', 400",
        "'Host: localhost\r\nHost: localhost\r\n', 400",
        "'Host: a b\r\n', 400",
        "'Host: localhost@evil\r\n', 400",
        "'Host:\r\n', 400",
        "'Host : localhost\r\n', 400",
        "'Host: localhost\r\n X: folded\r\n', 400",
        "'Host: localhost\r\nX: y\r\n\tfolded\r\n', 400",
        "'Host: localhost\r\nX\r\n', 400",
        "'Host: localhost\r\nExpect: miracles\r\n', 417",
        "'Host: localhost\r\nContent-Length: 3\r\n', 400"
    })
    void shouldAnswerEachFormOfHeader(String headers, int status) throws IOException {
        assertThat(exchange("GET /metrics HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 " + status + " ");
        assertThat(scrapes.get()).isZero();
    }

    @Test
    void shouldRefuseControlCharactersInHeaders() throws IOException {
        for (String value : List.of("a\0b", "a\u0001b", "a\u007fb", "a\rb", "a\u000bb")) {
            assertThat(exchange(LAST_GET.replace("Connection", "X: " + value + "\r\nConnection")))
                    .startsWith("HTTP/1.1 400 ");
        }
    }

    /** The same bytes, cut at each place: folded lines are found where they come in pieces, too. */
    @Test
    void shouldFindAFoldedLineWhereverItIsCut() throws Exception {
        String request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: y\r\n folded\r\nConnection: close\r\n\r\n";
        for (int cut = 1; cut < request.length(); cut += 3) {
            try (RawClient client = connect()) {
                client.send(request.substring(0, cut));
                Thread.sleep(2);
                client.send(request.substring(cut));
                assertThat(client.status()).as("cut at %d", cut).isEqualTo(400);
            }
        }
    }

    /** Each of these is read as one request here and perhaps as two elsewhere, or the other way round. */
    @ParameterizedTest
    @CsvSource({
        "'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', 400",
        "'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', 400",
        "'Content-Length: 4\r\nContent-Length: 5\r\n', 400",
        "'Content-Length: 4\r\nContent-Length: 4\r\n', 400",
        "'Content-Length: 4, 4\r\n', 400",
        "'Content-Length: +4\r\n', 400",
        "'Content-Length: -4\r\n', 400",
        "'Content-Length: 0x4\r\n', 400",
        "'Content-Length: 4 \r\n 4\r\n', 400",
        "'Content-Length : 4\r\n', 400",
        "'Content-Length: 99999999999999999999\r\n', 400",
        "'Transfer-Encoding: xchunked\r\n', 400",
        "'Transfer-Encoding: chunked, chunked\r\n', 400",
        "'Transfer-Encoding: gzip, chunked\r\n', 501",
        "'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', 400",
        "'Transfer-Encoding:\r\n chunked\r\n', 400",
        "'Transfer-Encoding : chunked\r\n', 400"
    })
    void shouldRefuseWhatTwoReadersReadDifferently(String headers, int status) throws IOException {
        String smuggled = "0\r\n\r\n" + GET;
        String answer = exchange(POST + headers + "\r\n" + smuggled);
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        assertThat(answer.split("HTTP/1.1 ", -1)).as("one answer").hasSize(2);
        assertThat(scrapes.get()).isZero();
        assertThat(echoes.get()).isZero();
    }

    @Test
    void shouldRefuseChunksOfHttp10() throws IOException {
        assertThat(exchange("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
                .startsWith("HTTP/1.1 400 ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz\r\n{}\r\n0\r\n\r\n",
                "-1\r\n{}\r\n0\r\n\r\n",
                "2\r\n{}xx0\r\n\r\n",
                "ffffffffffffffff\r\n{}",
                "\r\n\r\n"
            })
    void shouldRefuseBrokenChunks(String chunks) throws IOException {
        assertThat(exchange(POST + "Transfer-Encoding: chunked\r\n\r\n" + chunks))
                .startsWith("HTTP/1.1 400 ");
        assertThat(echoes.get()).isZero();
    }

    @Test
    void shouldTakeABodyInChunks() throws IOException {
        String answer = exchange(POST
                + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("{\"a\":1}");
    }

    @Test
    void shouldRefuseBodiesThatAreTooLargeOrOfTheWrongKindOrAbsent() throws IOException {
        assertThat(exchange(POST + "Content-Length: 1025\r\n\r\n")).startsWith("HTTP/1.1 413 ");
        assertThat(exchange(POST + "Transfer-Encoding: chunked\r\n\r\n" + "100\r\n".repeat(1) + "a".repeat(256)
                        + ("\r\n100\r\n" + "a".repeat(256)).repeat(100_000)))
                .startsWith("HTTP/1.1 413 ");
        assertThat(exchange(POST + "Connection: close\r\n\r\n")).startsWith("HTTP/1.1 411 ");
        assertThat(exchange(POST + "Content-Length: 0\r\n\r\n" + LAST_GET)).startsWith("HTTP/1.1 400 ");
        assertThat(exchange(POST.replace("application/json", "text/plain") + "Content-Length: 2\r\n\r\n{}"))
                .startsWith("HTTP/1.1 415 ");
        assertThat(exchange(POST + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"))
                .startsWith("HTTP/1.1 415 ");
        assertThat(echoes.get()).isZero();
    }

    @Test
    void shouldAskForTheBodyOnlyWhereItIsWanted() throws IOException {
        try (RawClient client = connect()) {
            client.send(POST + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
            assertThat(client.readUntil("\r\n\r\n")).startsWith("HTTP/1.1 100 ");
            client.send("{}");
            assertThat(client.status()).isEqualTo(200);
        }
        assertThat(exchange(POST + "Expect: 100-continue\r\nContent-Length: 99999\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ");
    }

    @Test
    void shouldSayWhichMethodsThereAre() throws IOException {
        assertThat(exchange("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                        .toLowerCase(Locale.ROOT))
                .contains("\r\nallow: get, head\r\n");
    }

    @Test
    void shouldAnswerHeadWithTheLengthButNoBody() throws IOException {
        String answer = exchange("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer)
                .startsWith("HTTP/1.1 200 ")
                .containsIgnoringCase("content-length: 11000")
                .endsWith("\r\n\r\n");
    }

    @Test
    void shouldDescribeProblemsAsJson() throws IOException {
        String answer = exchange("GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer)
                .containsIgnoringCase("content-type: application/problem+json")
                .contains("{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,\"detail\":\"");
        assertThat(exchange("GET /broken HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 500 ")
                .contains("no numbers");
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

    @Test
    void shouldEndAConnectionWhoseRequestNeverEnds() throws Exception {
        haveLittleTime();
        assertLate("GET /metrics HTTP/1.1\r\n", "A: b\r\n");
        assertLate(POST + "Content-Length: 1000\r\n\r\n", "a");
        assertLate(POST + "Transfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n");
    }

    private void assertLate(String start, String more) throws Exception {
        try (RawClient client = connect()) {
            client.send(start);
            Thread slow = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < RawClient.ENOUGH_MILLIS / 20; i++) {
                        Thread.sleep(20);
                        client.send(more);
                    }
                } catch (IOException | InterruptedException e) {
                    // it is cut off, as it has to be
                }
            });
            assertThat(client.status()).isEqualTo(408);
            assertThat(client.rest()).contains("did not arrive in time");
            slow.interrupt();
        }
    }

    @Test
    void shouldPutTogetherARequestThatComesInPieces() throws Exception {
        try (RawClient client = connect()) {
            for (String piece : List.of("GE", "T /metrics HT", "TP/1.1\r\nHo", "st: localhost\r\n", "\r\n")) {
                client.send(piece);
                Thread.sleep(20);
            }
            assertThat(client.status()).isEqualTo(200);
        }
    }

    @Test
    void shouldEndAConnectionThatSaysNothing() throws IOException {
        haveLittleTime();
        try (RawClient client = connect()) {
            assertThat(client.rest()).isEmpty();
        }
    }

    @Test
    void shouldAnswerPipelinedRequestsInOrderAndKeepTheConnection() throws IOException {
        goOn.countDown();
        String answer = exchange(GET
                + "GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
                + POST
                + "Content-Length: 2\r\n\r\n[]"
                + "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assertThat(answer.split("HTTP/1.1 ", -1)).hasSize(6);
        assertThat(answer).contains("404 Not Found").contains("\r\n\r\n[]HTTP/1.1 404");
        assertThat(scrapes.get()).isEqualTo(2);
    }

    @Test
    void shouldScrapeNoMoreThanAClientReads() throws Exception {
        haveLittleTime();
        try (RawClient client = connect()) {
            Thread flood = Thread.ofVirtual().start(() -> {
                try {
                    String many = GET.repeat(100);
                    for (int i = 0; i < 1000; i++) {
                        client.send(many);
                    }
                } catch (IOException e) {
                    // it is cut off, as it has to be
                }
            });
            flood.join(RawClient.ENOUGH_MILLIS);
            assertThat(flood.isAlive()).isFalse();
        }
        assertThat(scrapes.get()).isLessThan(2000);
    }

    /** The ones that have waited the longest are cut off; one that asks at once is served. */
    @Test
    void shouldHoldOnlySoManyConnectionsAndServeWhoeverAsks() throws IOException {
        List<RawClient> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * MOST_CONNECTIONS; i++) {
                idle.add(connect());
                idle.getLast().send(i % 2 == 0 ? "" : "GET /met");
            }
            for (int i = 0; i < MOST_CONNECTIONS; i++) {
                assertThat(exchange(LAST_GET)).startsWith("HTTP/1.1 200 ");
            }
            for (RawClient client : idle.subList(0, MOST_CONNECTIONS)) {
                assertThat(client.isEnded()).isTrue();
            }
        } finally {
            for (RawClient client : idle) {
                client.close();
            }
        }
    }

    /** Two are worked on and two wait; the next ones are told to come again, and metrics are served meanwhile. */
    @Test
    void shouldWorkOnSoManyRequestsAndServeMetricsMeanwhile() throws IOException {
        List<RawClient> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) {
                clients.add(connect());
                clients.getLast().send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
                assertThat(exchange(LAST_GET)).startsWith("HTTP/1.1 200 ");
            }
            String answer = exchange("GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            assertThat(answer).startsWith("HTTP/1.1 503 ").containsIgnoringCase("retry-after: 1");
            goOn.countDown();
            for (RawClient client : clients) {
                assertThat(client.status()).isEqualTo(200);
            }
        } finally {
            for (RawClient client : clients) {
                client.close();
            }
        }
    }

    @Test
    void shouldWorkOnFewHeavyRequests() throws IOException {
        try (RawClient first = connect()) {
            first.send("GET /heavy HTTP/1.1\r\nHost: localhost\r\n\r\n");
            exchange(LAST_GET);
            assertThat(exchange("GET /heavy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
                    .startsWith("HTTP/1.1 503 ");
            goOn.countDown();
            assertThat(first.status()).isEqualTo(200);
        }
    }

    /** Requests that are there are answered; connections that only wait are ended. */
    @Test
    void shouldAnswerWhatIsThereBeforeItEnds() throws Exception {
        RawClient waiting = connect();
        RawClient asking = connect();
        waiting.send(GET);
        assertThat(waiting.readUntil("\r\n\r\n")).contains("200 OK");
        asking.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
        exchange(LAST_GET);
        HttpServer ending = server;
        Thread end = Thread.ofPlatform().start(ending::close);
        assertThatThrownBy(() -> {
                    while (true) {
                        new RawClient(ending.address()).close();
                    }
                })
                .isInstanceOf(Exception.class);
        assertThat(waiting.rest()).endsWith("a_metric 1\n");
        goOn.countDown();
        assertThat(asking.rest()).startsWith("HTTP/1.1 200 ").containsIgnoringCase("connection: close");
        end.join();
        waiting.close();
        asking.close();
        server = start(LIMITS);
    }

    @Test
    void shouldNotBeRunOverByConnectionsThatEndAtOnce() throws IOException {
        for (int i = 0; i < 300; i++) {
            try (RawClient client = connect()) {
                client.send(i % 3 == 0 ? GET : "GET /sl");
            } catch (SocketException e) {
                // pushed out by the next one
            }
        }
    }
}
