package dev.spinbpf.tools.serve.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The first part of a request, checked: it names a route, its sender may make it, and a body of the right kind and size
 * follows, or none.
 *
 * @param match its route
 * @param isHead true where only the headers of the answer are wanted
 * @param isOld true for HTTP/1.0
 * @param headers the headers that handlers may ask for
 * @param hasBody true where a body follows
 * @param expectsContinue true where the client waits for word before it sends the body
 * @param takesGzip true where the answer may be compressed
 */
record RequestHead(
        Router.Match match,
        boolean isHead,
        boolean isOld,
        Map<String, String> headers,
        boolean hasBody,
        boolean expectsContinue,
        boolean takesGzip) {
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT");
    private static final char DELETE = 0x7f;
    private static final List<String> HANDED_ON = List.of("accept", "content-type");

    /**
     * Checks the first part of a request.
     *
     * @param local the address that it came in by
     * @throws Problem that says why it is refused
     */
    static RequestHead of(HttpRequest request, Router router, AccessRules access, SocketAddress local) throws Problem {
        checkForm(request);
        HttpHeaders headers = request.headers();
        boolean hasBody = hasBody(request);
        Router.Target target = Router.target(request.uri());
        String host = host(request, target.authority());
        String method = request.method().name();
        boolean isHead = method.equals("HEAD");
        if (!METHODS.contains(method)) {
            throw Problem.of(501, "there is no such method");
        }
        Router.Match match = router.find(isHead ? "GET" : method, target);
        if (!match.route().isOpen()) {
            access.check(host, authority(local), headers.get(HttpHeaderNames.ORIGIN), single(headers, "authorization"));
        }
        checkBody(match.route().body(), request, hasBody);
        return new RequestHead(
                match,
                isHead,
                request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0,
                handedOn(headers),
                hasBody,
                hasBody && headers.contains(HttpHeaderNames.EXPECT),
                Gzip.isAccepted(joined(headers, "accept-encoding")));
    }

    /** Checks that there is one way to read the request, so that nobody before this server has read it in another. */
    private static void checkForm(HttpRequest request) throws Problem {
        if (request.decoderResult().isFailure()) {
            throw broken(request.decoderResult().cause());
        }
        if (request.protocolVersion().majorVersion() != 1) {
            throw Problem.of(505, "only HTTP/1.1 is spoken here");
        }
        HttpHeaders headers = request.headers();
        for (Map.Entry<String, String> header : headers) {
            if (header.getValue().chars().anyMatch(c -> c < ' ' && c != '\t' || c == DELETE)) {
                throw Problem.of(400, "a header holds control characters");
            }
        }
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!codings.isEmpty()) {
            if (request.protocolVersion().minorVersion() == 0 || headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
                throw Problem.of(400, "Transfer-Encoding does not go with HTTP/1.0 or Content-Length");
            }
            if (codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
                throw Problem.of(501, "chunked is the only transfer coding");
            }
        }
        for (String length : headers.getAll(HttpHeaderNames.CONTENT_LENGTH)) {
            if (!length.matches("[0-9]{1,18}")) {
                throw Problem.of(400, "Content-Length is not a number");
            }
        }
        if (headers.getAll(HttpHeaderNames.CONTENT_LENGTH).size() > 1) {
            throw Problem.of(400, "Content-Length is given twice");
        }
    }

    static Problem broken(@Nullable Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ -> Problem.of(414, "the request line is too long");
            case TooLongHttpHeaderException _ -> Problem.of(431, "the headers are too long");
            case null, default -> Problem.of(400, "this is not an HTTP request");
        };
    }

    private static String host(HttpRequest request, @Nullable String authority) throws Problem {
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        boolean needed = request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0;
        if (hosts.size() > 1 || hosts.isEmpty() && needed) {
            throw Problem.of(400, "a request has one Host header");
        }
        String host = authority != null ? authority : hosts.isEmpty() ? "localhost" : hosts.getFirst();
        if (!AccessRules.isAuthority(host)) {
            throw Problem.of(400, "the Host header is not a host");
        }
        return host;
    }

    private static void checkBody(Route.Body body, HttpRequest request, boolean hasBody) throws Problem {
        HttpHeaders headers = request.headers();
        String expect = headers.get(HttpHeaderNames.EXPECT);
        if (expect != null && !expect.equalsIgnoreCase("100-continue")) {
            throw Problem.of(417, "100-continue is all that can be expected");
        }
        if (!hasBody) {
            if (body.isRequired()) {
                boolean empty = headers.contains(HttpHeaderNames.CONTENT_LENGTH);
                throw empty
                        ? Problem.of(400, "this request has to have a body")
                        : Problem.of(411, "this request has to have a body and say its length");
            }
            return;
        }
        if (body.mostBytes() == 0) {
            throw Problem.of(400, "this request takes no body");
        }
        if (HttpUtil.getContentLength(request, 0L) > body.mostBytes()) {
            throw tooLarge(body);
        }
        String contentType = single(headers, "content-type");
        String type = contentType == null ? "" : contentType.split(";", 2)[0].strip();
        if (body.types().stream().noneMatch(type::equalsIgnoreCase)) {
            throw Problem.of(415, "the body has to be " + String.join(" or ", body.types()))
                    .header("Accept", String.join(", ", body.types()));
        }
        if (headers.contains(HttpHeaderNames.CONTENT_ENCODING)) {
            throw Problem.of(415, "the body may not be compressed").header("Accept-Encoding", "identity");
        }
    }

    static Problem tooLarge(Route.Body body) {
        return Problem.of(413, "the body may have " + body.mostBytes() + " bytes");
    }

    /** Returns true where a body follows the headers. */
    static boolean hasBody(HttpRequest request) {
        return request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)
                || !request.headers().get(HttpHeaderNames.CONTENT_LENGTH, "0").matches("0+");
    }

    private static @Nullable String single(HttpHeaders headers, String name) throws Problem {
        List<String> values = headers.getAll(name);
        if (values.size() > 1) {
            throw Problem.of(400, "the header " + name + " is given twice");
        }
        return values.isEmpty() ? null : values.getFirst();
    }

    private static @Nullable String joined(HttpHeaders headers, String name) {
        List<String> values = headers.getAll(name);
        return values.isEmpty() ? null : String.join(",", values);
    }

    private static Map<String, String> handedOn(HttpHeaders headers) {
        Map<String, String> values = new HashMap<>();
        for (String name : HANDED_ON) {
            String value = joined(headers, name);
            if (value != null) {
                values.put(name, value);
            }
        }
        return values;
    }

    /** The address as an authority names it. */
    private static String authority(SocketAddress local) {
        if (!(local instanceof InetSocketAddress socket) || socket.getAddress() == null) {
            return "";
        }
        InetAddress address = socket.getAddress();
        String text = address.getHostAddress().toLowerCase(Locale.ROOT);
        return text.indexOf(':') < 0 ? text : "[" + text.split("%", 2)[0] + "]";
    }

    /** Returns the request with its body. */
    Request withBody(byte[] body) {
        return new Request(match.path(), match.query(), headers, body);
    }
}
