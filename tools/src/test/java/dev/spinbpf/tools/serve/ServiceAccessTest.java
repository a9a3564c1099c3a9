package dev.spinbpf.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.tools.serve.http.HttpLimits;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TLS and tokens of the service as a whole. */
@Timeout(600)
class ServiceAccessTest {
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    @Test
    void shouldServeHttpsToThoseWhoHaveTheToken() throws Exception {
        SelfSigned keys = SelfSigned.in(directory);
        Path token = Files.writeString(directory.resolve("token"), TOKEN);
        InetSocketAddress any = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0);
        ServiceOptions options =
                new ServiceOptions(any, Set.of(), token, keys.certificate(), keys.key(), null, HttpLimits.DEFAULT);
        try (Service service = Service.start(options, () -> ProgramWorkload.of(List.of()), Btf.EMPTY);
                HttpClient client = HttpClient.newBuilder()
                        .sslContext(trusting(keys.store()))
                        .build()) {
            String url = "https://127.0.0.1:" + service.address().getPort();
            assertThat(status(client, request(url + "/metrics"))).isEqualTo(200);
            assertThat(status(client, request(url + "/api/v1/objects"))).isEqualTo(401);
            assertThat(status(client, withToken(url))).isEqualTo(200);
            assertThat(status(client, withToken(url).header("Origin", url))).isEqualTo(200);
            assertThat(status(client, withToken(url).header("Origin", "https://evil.example")))
                    .isEqualTo(403);
            assertThatThrownBy(() -> status(client, request(url.replace("https", "http") + "/metrics")))
                    .isInstanceOf(IOException.class);
        }
    }

    private static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url));
    }

    private static HttpRequest.Builder withToken(String url) {
        return request(url + "/api/v1/objects").header("Authorization", "Bearer " + TOKEN);
    }

    private static int status(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), BodyHandlers.ofString()).statusCode();
    }

    private static SSLContext trusting(KeyStore keys) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        trusted.setCertificateEntry("a", keys.getCertificate("a"));
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @Test
    void shouldNotBeReachableForOthersWithoutAToken() throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 0);
        ServiceOptions options = new ServiceOptions(any, Set.of(), null, null, null, null, HttpLimits.DEFAULT);
        assertThatThrownBy(() -> Service.start(options, () -> ProgramWorkload.of(List.of()), Btf.EMPTY))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("token");
    }
}
