package dev.spinbpf.tools.serve.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessRulesTest {
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    private static HttpServer start(AccessRules access) throws IOException {
        Router router = new Router(List.of(
                Route.open("/metrics", Route.Lane.DIRECT, request -> Reply.text(200, "text/plain", "a 1\n")),
                Route.get("/read", List.of(), request -> Reply.json("{}")),
                Route.change("POST", "/change", Route.Body.NONE, request -> Reply.json("{}"))));
        return HttpServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                router,
                access,
                HttpLimits.DEFAULT,
                null,
                RequestObserver.NONE);
    }

    private static int status(HttpServer server, String request, String headers) throws IOException {
        String answer =
                RawClient.exchange(server.address(), request + " HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n");
        return Integer.parseInt(answer.substring(9, 12));
    }

    @ParameterizedTest
    @CsvSource({
        "POST /change, localhost, , 200",
        "POST /change, LOCALHOST:9464, , 200",
        "POST /change, 127.0.0.1:9464, , 200",
        "POST /change, [::1]:9464, , 200",
        "POST /change, lab.example, , 200",
        "POST /change, evil.example, , 421",
        "POST /change, localhost.evil.example, , 421",
        "POST /change, 10.0.0.1, , 421",
        "GET /read, evil.example, , 421",
        "GET /metrics, evil.example, , 200",
        "POST /change, localhost:9464, http://localhost:9464, 200",
        "POST /change, localhost:9464, http://localhost:9465, 403",
        "POST /change, localhost:9464, https://localhost:9464, 403",
        "POST /change, localhost:9464, http://evil.example, 403",
        "POST /change, localhost:9464, null, 403"
    })
    void shouldAnswerRequestsThatAreMeantForItOnly(String request, String host, String origin, int status)
            throws IOException {
        try (HttpServer server = start(new AccessRules(Set.of("lab.example"), null, "http"))) {
            String headers = "Host: " + host + "\r\n" + (origin == null ? "" : "Origin: " + origin + "\r\n");
            assertThat(status(server, request, headers)).isEqualTo(status);
        }
    }

    @Test
    void shouldAskForTheTokenForAllButMetrics() throws Exception {
        Path file = directory.resolve("token");
        Files.writeString(file, TOKEN + "\n");
        try (HttpServer server = start(new AccessRules(Set.of(), BearerToken.read(file), "http"))) {
            String host = "Host: localhost\r\n";
            assertThat(status(server, "GET /metrics", host)).isEqualTo(200);
            assertThat(status(server, "GET /read", host)).isEqualTo(401);
            assertThat(status(server, "GET /read", host + "Authorization: Bearer " + TOKEN + "\r\n"))
                    .isEqualTo(200);
            assertThat(status(server, "GET /read", host + "Authorization: bearer  " + TOKEN + " \r\n"))
                    .isEqualTo(200);
            for (String wrong : List.of(
                    "Bearer",
                    "Bearer ",
                    "Basic " + TOKEN,
                    TOKEN,
                    "Bearer " + TOKEN + "0",
                    "Bearer " + TOKEN.substring(1))) {
                assertThat(status(server, "POST /change", host + "Authorization: " + wrong + "\r\n"))
                        .as(wrong)
                        .isEqualTo(401);
            }
            assertThat(status(
                            server,
                            "GET /read",
                            host + "Authorization: Bearer x\r\nAuthorization: Bearer " + TOKEN + "\r\n"))
                    .isEqualTo(400);
        }
    }

    @Test
    void shouldLookAtSoManyGuessesOnlyButAlwaysAtTheRightToken() throws Exception {
        AtomicLong nanos = new AtomicLong();
        BearerToken token = new BearerToken(TOKEN, nanos::get);
        for (int i = 0; i < 20; i++) {
            assertThat(refusal(token, "Bearer guess" + i)).isEqualTo(401);
        }
        assertThat(refusal(token, "Bearer guess")).isEqualTo(429);
        assertThat(refusal(token, null)).isEqualTo(401);
        token.check("Bearer " + TOKEN);
        nanos.addAndGet(11_000_000_000L);
        assertThat(refusal(token, "Bearer guess")).isEqualTo(401);
    }

    private static int refusal(BearerToken token, @Nullable String shown) {
        try {
            token.check(shown);
            return 200;
        } catch (Problem e) {
            return e.status();
        }
    }

    @Test
    void shouldRefuseFilesThatHoldNoToken() throws IOException {
        Path file = directory.resolve("token");
        for (String content : List.of("", "short", "has a space in the middle", "x".repeat(5000))) {
            Files.writeString(file, content);
            assertThatThrownBy(() -> BearerToken.read(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("token");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gzip, true",
        "'deflate, GZIP;q=0.5', true",
        "'gzip;q=0, *', false",
        "'*', true",
        "'*;q=0.000', false",
        "identity, false",
        "'', false"
    })
    void shouldCompressForThoseThatTakeIt(String header, boolean accepted) {
        assertThat(Gzip.isAccepted(header)).isEqualTo(accepted);
    }
}
