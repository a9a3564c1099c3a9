package dev.spinbpf.tools.serve.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the route of a request. A path is compared as it came, segment by segment; it names no file. */
public final class Router {
    private static final int MOST_SEGMENTS = 16;
    private static final int MOST_PARAMETERS = 16;
    private static final int HEX = 16;

    private final List<SplitRoute> routes;

    /** A route and the segments of its template. */
    private record SplitRoute(Route route, List<String> segments) {}

    /** @param routes where two fit, the first counts */
    public Router(List<Route> routes) {
        this.routes = routes.stream()
                .map(route -> new SplitRoute(route, route.segments()))
                .toList();
    }

    /** A route with the values of its parameters. */
    record Match(Route route, Map<String, String> path, Map<String, String> query) {}

    /** A target in its two parts, and the authority where it has one. */
    record Target(String path, String query, @Nullable String authority) {}

    /**
     * Takes a request's target apart.
     *
     * @throws Problem 400 where it is neither a path nor an HTTP address
     */
    static Target target(String uri) throws Problem {
        String rest = uri;
        String authority = null;
        for (String scheme : List.of("http://", "https://")) {
            if (rest.regionMatches(true, 0, scheme, 0, scheme.length())) {
                int slash = rest.indexOf('/', scheme.length());
                authority = slash < 0 ? rest.substring(scheme.length()) : rest.substring(scheme.length(), slash);
                rest = slash < 0 ? "/" : rest.substring(slash);
                break;
            }
        }
        if (!rest.startsWith("/") || rest.indexOf('#') >= 0) {
            throw Problem.of(400, "the request's target is not a path");
        }
        int question = rest.indexOf('?');
        return question < 0
                ? new Target(rest, "", authority)
                : new Target(rest.substring(0, question), rest.substring(question + 1), authority);
    }

    /**
     * Finds the route.
     *
     * @throws Problem 404 where no route has the path, 405 where none of those that have it has the method, 400 where
     *     the path or the query cannot be decoded
     */
    Match find(String method, Target target) throws Problem {
        String[] segments = target.path().substring(1).split("/", MOST_SEGMENTS + 1);
        TreeSet<String> methods = new TreeSet<>();
        for (SplitRoute each : routes) {
            Route route = each.route;
            Map<String, String> values = match(each.segments, segments);
            if (values != null) {
                if (route.method().equals(method)) {
                    return new Match(route, values, query(target.query(), route.query()));
                }
                methods.add(route.method());
            }
        }
        if (methods.isEmpty()) {
            throw Problem.of(404, "there is nothing at this path");
        }
        throw Problem.of(405, "this path takes other methods").header("Allow", allow(methods));
    }

    private static String allow(Set<String> methods) {
        List<String> all = new ArrayList<>(methods);
        if (methods.contains("GET")) {
            all.add(all.indexOf("GET") + 1, "HEAD");
        }
        return String.join(", ", all);
    }

    private static @Nullable Map<String, String> match(List<String> wanted, String[] segments) throws Problem {
        if (wanted.size() != segments.length) {
            return null;
        }
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i < segments.length; i++) {
            String segment = wanted.get(i);
            if (segment.startsWith("{")) {
                if (segments[i].isEmpty()) {
                    return null;
                }
                values.put(segment.substring(1, segment.length() - 1), decoded(segments[i], false));
            } else if (!segment.equals(segments[i])) {
                return null;
            }
        }
        return values;
    }

    private static Map<String, String> query(String query, List<String> known) throws Problem {
        Map<String, String> values = new HashMap<>();
        if (query.isEmpty() || known.isEmpty()) {
            return values;
        }
        for (String pair : query.split("&", MOST_PARAMETERS + 1)) {
            int equals = pair.indexOf('=');
            String name = decoded(equals < 0 ? pair : pair.substring(0, equals), true);
            String value = equals < 0 ? "" : decoded(pair.substring(equals + 1), true);
            if (!known.contains(name)) {
                throw Problem.of(400, "there is no parameter '" + name + "' here; there are " + known);
            }
            if (values.put(name, value) != null) {
                throw Problem.of(400, "the parameter '" + name + "' is given twice");
            }
        }
        return values;
    }

    /** Decodes what is percent-encoded; the bytes have to be UTF-8 without control characters. */
    private static String decoded(String text, boolean isQuery) throws Problem {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%') {
                bytes.write(hexByte(text, i + 1));
                i += 2;
            } else {
                bytes.write(c == '+' && isQuery ? ' ' : c);
            }
        }
        try {
            String decoded = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
            if (decoded.chars().noneMatch(Character::isISOControl)) {
                return decoded;
            }
        } catch (CharacterCodingException e) {
            // Refused below.
        }
        throw Problem.of(400, "the request's target is not text in UTF-8");
    }

    private static int hexByte(String text, int at) throws Problem {
        int high = at + 1 < text.length() ? Character.digit(text.charAt(at), HEX) : -1;
        int low = high < 0 ? -1 : Character.digit(text.charAt(at + 1), HEX);
        if (low < 0) {
            throw Problem.of(400, "the request's target has a % without two hexadecimal digits");
        }
        return high * HEX + low;
    }
}
