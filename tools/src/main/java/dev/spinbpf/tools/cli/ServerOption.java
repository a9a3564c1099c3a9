package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.client.TrustedCertificates;
import dev.spinbpf.tools.serve.http.BearerToken;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --server} and {@code --token-file}, for commands that ask a running service. */
final class ServerOption {
    private static final String TOKEN_VARIABLE = "SPINBPF_TOKEN";

    @Option(
            names = "--server",
            paramLabel = "URL",
            defaultValue = "http://127.0.0.1:9464",
            description = "The service to ask (default http://127.0.0.1:9464).")
    private String server;

    @Option(
            names = "--token-file",
            paramLabel = "FILE",
            description = "The token to show, where the service wants one; without it that in " + TOKEN_VARIABLE
                    + ", if there is one.")
    private @Nullable Path tokenFile;

    @Option(
            names = "--ca-cert",
            paramLabel = "FILE",
            description = "The certificates (PEM) by which an https service is known, such as its own; else Java's.")
    private @Nullable Path certificates;

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ServerOption() {}

    /** Returns the service's URL as it was given. */
    String shown() {
        return server;
    }

    /** A command's requests to a service. */
    @FunctionalInterface
    interface Work {
        int run(ServiceClient client) throws ServiceException, InputException, InterruptedException;
    }

    /**
     * Runs a command's work with a client.
     *
     * @return its exit code
     * @throws InputException where the options are wrong, the service cannot be reached, or it wants another token
     */
    int ask(Work work) throws InputException, InterruptedException, ServiceException {
        try (ServiceClient client = new ServiceClient(url(), token(), trusted())) {
            return work.run(client);
        } catch (ServiceException e) {
            throw unusable(e);
        }
    }

    /** Returns the error that ends a command; throws the exception again where it is about one request only. */
    private static InputException unusable(ServiceException e) throws ServiceException {
        if (e.isAboutToken()) {
            return new InputException(e.getMessage() + "; give it with --token-file FILE or in " + TOKEN_VARIABLE);
        }
        if (e.isRefusal()) {
            throw e;
        }
        return new InputException(String.valueOf(e.getMessage()));
    }

    private URI url() throws InputException {
        try {
            URI url = new URI(server);
            boolean isHttp = "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
            boolean isBare = url.getRawQuery() == null && url.getRawFragment() == null && url.getRawUserInfo() == null;
            if (isHttp && isBare && url.getHost() != null) {
                return url;
            }
        } catch (URISyntaxException _) {
            // the same words as for a URL of another kind
        }
        throw new InputException("--server: '" + server + "' is no URL of a service; write http://HOST:PORT");
    }

    private @Nullable SSLContext trusted() throws InputException {
        try {
            return certificates == null ? null : TrustedCertificates.read(certificates);
        } catch (IOException e) {
            throw new InputException("--ca-cert: cannot be used: " + e.getMessage());
        }
    }

    private @Nullable String token() throws InputException {
        if (tokenFile != null) {
            try {
                return BearerToken.readText(tokenFile);
            } catch (IOException e) {
                throw new InputException("--token-file: cannot be used: " + e.getMessage());
            }
        }
        String token = System.getenv(TOKEN_VARIABLE);
        if (token == null || token.isBlank()) {
            return null;
        }
        String shown = token.strip();
        if (!BearerToken.isPlain(shown)) {
            throw new InputException(TOKEN_VARIABLE + ": holds characters that no token has");
        }
        return shown;
    }
}
