package dev.spinbpf.tools.serve;

import dev.spinbpf.tools.serve.http.HttpLimits;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The properties of a service.
 *
 * @param listen where it listens; another address than loopback needs a token
 * @param names names by which clients call it, besides loopback names and its address
 * @param tokenFile file with the token that clients show for all but metrics and health; null for none
 * @param certificate PEM file of the certificate for TLS, with its chain; null for plain HTTP
 * @param key PEM file of its private key (PKCS #8)
 * @param state directory in which the state is kept; null for none
 * @param limits bounds on what clients may take
 */
public record ServiceOptions(
        InetSocketAddress listen,
        Set<String> names,
        @Nullable Path tokenFile,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable Path state,
        HttpLimits limits) {
    /** Loopback, any free port. */
    public static ServiceOptions loopback(int port) {
        return new ServiceOptions(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                Set.of(),
                null,
                null,
                null,
                null,
                HttpLimits.DEFAULT);
    }
}
