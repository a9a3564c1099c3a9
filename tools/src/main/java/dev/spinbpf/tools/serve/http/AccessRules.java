package dev.spinbpf.tools.serve.http;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which requests are refused for where they come from.
 *
 * <p>A web page that a user of this machine looks at can send requests to it. So a request, unless anybody may make it,
 * has to name the service by a name that is its own ({@code Host}): a loopback name, the address it came in by, or one
 * that the user gave; no other name leads here but by a trick with name servers. And where it says which page sent it
 * ({@code Origin}), that has to be a page of the service.
 *
 * @param names further names of the service, in lower case
 * @param token the token that clients show; null where none is asked for
 * @param scheme {@code http} or {@code https}
 */
public record AccessRules(Set<String> names, @Nullable BearerToken token, String scheme) {
    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    /** Loopback without a token. */
    public static final AccessRules LOOPBACK = new AccessRules(Set.of(), null, "http");

    /**
     * Checks a request.
     *
     * @param host the authority that it names, with or without a port
     * @param localAddress the address it came in by, as an authority names it
     * @param origin the header, or null
     * @param authorization the header, or null
     * @throws Problem 421 for the name, 401 or 429 for the token, 403 for the origin
     */
    void check(String host, String localAddress, @Nullable String origin, @Nullable String authorization)
            throws Problem {
        String name = nameOf(host);
        if (!LOOPBACK_NAMES.contains(name) && !name.equals(localAddress) && !names.contains(name)) {
            throw Problem.of(421, "this is not a name of the service; --name adds one");
        }
        if (token != null) {
            token.check(authorization);
        }
        if (origin != null && !origin.equalsIgnoreCase(scheme + "://" + host)) {
            throw Problem.of(403, "pages of another origin may not send requests");
        }
    }

    /** The name in an authority, without the port, in lower case. */
    private static String nameOf(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean port = colon > authority.lastIndexOf(']');
        return (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
    }

    /** Returns true where text has the form of an authority: a name or address, and perhaps a port. */
    static boolean isAuthority(String text) {
        return text.matches("(\\[[0-9A-Fa-f:.]{2,45}]|[A-Za-z0-9._~-]{1,253})(:[0-9]{0,5})?");
    }
}
