package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page as it is served; a browser shows it in {@code PageBrowserTest}. */
@Timeout(60)
class PageTest {
    private static final Pattern REFERENCE = Pattern.compile("(?:href|src|from) ?=? ?[\"']([^\"'#]+)[\"']");

    private final HttpClient client = HttpClient.newHttpClient();
    private Service service;

    @BeforeEach
    void start() throws Exception {
        service = Service.start(ServiceOptions.loopback(0), () -> ProgramWorkload.of(List.of()), Btf.EMPTY);
    }

    @AfterEach
    void stop() {
        service.close();
        client.close();
    }

    private HttpResponse<String> get(String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + service.address().getPort()).resolve(path);
        return client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
    }

    private static String header(HttpResponse<String> response, String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Test
    void shouldForbidEverythingFromElsewhere() throws Exception {
        for (String path : List.of("/", "/page.css", "/page.js", "/page/dom.js")) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(header(response, "content-security-policy"))
                    .as(path)
                    .isEqualTo("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                            + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
            assertThat(header(response, "x-content-type-options")).as(path).isEqualTo("nosniff");
            assertThat(header(response, "referrer-policy")).as(path).isEqualTo("no-referrer");
        }
    }

    @Test
    void shouldNameTheTypeOfEachFile() throws Exception {
        assertThat(header(get("/"), "content-type")).isEqualTo("text/html; charset=utf-8");
        assertThat(header(get("/page.css"), "content-type")).isEqualTo("text/css; charset=utf-8");
        assertThat(header(get("/page.js"), "content-type")).isEqualTo("text/javascript; charset=utf-8");
        assertThat(header(get("/page/dom.js"), "content-type")).isEqualTo("text/javascript; charset=utf-8");
    }

    @Test
    void shouldServeEachFileThatAnotherNames() throws Exception {
        TreeSet<String> open = new TreeSet<>(List.of("/"));
        TreeSet<String> seen = new TreeSet<>();
        while (!open.isEmpty()) {
            String path = open.removeFirst();
            seen.add(path);
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            REFERENCE
                    .matcher(response.body())
                    .results()
                    .map(found -> found.group(1))
                    .filter(name -> !name.startsWith("data:"))
                    .map(name -> URI.create(path).resolve(name).toString())
                    .filter(name -> !seen.contains(name))
                    .forEach(open::add);
        }
        assertThat(seen).contains("/page.css", "/page.js", "/metrics", "/api/v1/openapi.json");
        assertThat(seen.stream().filter(path -> path.startsWith("/page/"))).hasSize(7);
    }

    @Test
    void shouldServeNoOtherFile() throws Exception {
        for (String path : List.of("/page/page.html", "/page/..%2fapi%2fopenapi.json", "/page/", "/page/none.js")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
        }
    }

    @Test
    void shouldSetNamesAsTextOnly() throws Exception {
        for (String path : List.of("/page.js", "/page/dom.js", "/page/locks.js", "/page/failures.js")) {
            assertThat(get(path).body())
                    .as(path)
                    .doesNotContainPattern("innerHTML|outerHTML|insertAdjacentHTML|eval\\(");
        }
    }
}
