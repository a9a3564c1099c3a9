package dev.spinbpf.tools.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Asks a service. Each request ends: by its answer, whole and of a bounded size, or by a timeout. Redirects are not
 * followed, so that the token goes to the address that the user named and to no other.
 */
public final class ServiceClient implements AutoCloseable {
    private static final Duration TIME_TO_CONNECT = Duration.ofSeconds(5);

    /** Verification of a large object takes this long at most. */
    private static final Duration TIME_TO_ANSWER = Duration.ofMinutes(5);

    private static final String OCTETS = "application/octet-stream";
    private static final int FIRST_ERROR = 400;
    private static final int FIRST_OF_SUCCESS = 200;
    private static final int FIRST_AFTER_SUCCESS = 300;

    private final HttpClient client;
    private final String base;
    private final @Nullable String token;

    /**
     * A client of one service.
     *
     * @param base the service's URL, {@code http} or {@code https}, with host
     * @param token the token to show, printable ASCII, or null
     */
    public ServiceClient(URI base, @Nullable String token) {
        this(base, token, null);
    }

    /**
     * A client of one service.
     *
     * @param trusted the certificates that it takes, or null for those that Java knows
     */
    public ServiceClient(URI base, @Nullable String token, @Nullable SSLContext trusted) {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(TIME_TO_CONNECT);
        client = trusted == null ? builder.build() : builder.sslContext(trusted).build();
        String text = base.toString();
        this.base = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        this.token = token;
    }

    /** Reads an answer. */
    @FunctionalInterface
    private interface Reader<T> {
        T read(byte[] body) throws IOException;
    }

    /** Uploads an object; the service verifies it. */
    public RemoteObject upload(String name, byte[] contents) throws ServiceException, InterruptedException {
        return ask("POST", "/objects?name=" + encoded(name), BodyPublishers.ofByteArray(contents), ServiceJson::object);
    }

    /** Uploads a file for workloads to name. */
    public void putFile(String name, byte[] contents) throws ServiceException, InterruptedException {
        ask("PUT", "/files/" + encoded(name), OCTETS, BodyPublishers.ofByteArray(contents), body -> body);
    }

    /** Removes a file that was uploaded for workloads. */
    public void removeFile(String name) throws ServiceException, InterruptedException {
        ask("DELETE", "/files/" + encoded(name), BodyPublishers.noBody(), body -> body);
    }

    /** Puts a workload, in JSON, in the place of the one before; returns the state that it is in. */
    public String replaceWorkload(String json) throws ServiceException, InterruptedException {
        return ask("PUT", "/workload", BodyPublishers.ofString(json), body -> SampleJson.members(body)
                .text("state"));
    }

    /** Starts the workload. */
    public void startWorkload() throws ServiceException, InterruptedException {
        ask("POST", "/workload/start", BodyPublishers.noBody(), body -> body);
    }

    /** Returns all objects. */
    public List<RemoteObject> objects() throws ServiceException, InterruptedException {
        return ask("GET", "/objects", BodyPublishers.noBody(), ServiceJson::objects);
    }

    /** Returns all objects as JSON, with line breaks. */
    public String objectsAsJson() throws ServiceException, InterruptedException {
        return ask("GET", "/objects", BodyPublishers.noBody(), ServiceJson::indented);
    }

    /** Returns what the service has counted, and what its CPUs do now. */
    public RemoteSample sample() throws ServiceException, InterruptedException {
        BodyPublisher none = BodyPublishers.noBody();
        SampleJson.Members workload = ask("GET", "/workload", none, SampleJson::members);
        List<RemoteSample.Lock> locks = ask("GET", "/locks", none, SampleJson::locks);
        long takenNanos = System.nanoTime();
        List<RemoteSample.Cpu> cpus = ask("GET", "/cpus", none, SampleJson::cpus);
        try {
            return new RemoteSample(
                    takenNanos, workload.text("state"), workload.number("elapsed_ms"), locks, cpus, objects());
        } catch (IOException e) {
            throw notAService(FIRST_OF_SUCCESS, firstLine(e));
        }
    }

    /** Returns an object. */
    public RemoteObject object(String name) throws ServiceException, InterruptedException {
        return ask("GET", "/objects/" + encoded(name), BodyPublishers.noBody(), ServiceJson::object);
    }

    /** Removes an object none of whose programs is loaded. */
    public void remove(String name) throws ServiceException, InterruptedException {
        ask("DELETE", "/objects/" + encoded(name), BodyPublishers.noBody(), body -> body);
    }

    /** Returns the maps of all objects that have a program loaded. */
    public List<RemoteMap> maps() throws ServiceException, InterruptedException {
        return ask("GET", "/maps", BodyPublishers.noBody(), MapJson::maps);
    }

    /** Returns a map. */
    public RemoteMap map(String object, String name) throws ServiceException, InterruptedException {
        String path = "/maps/" + encoded(object) + '/' + encoded(name);
        return ask("GET", path, BodyPublishers.noBody(), MapJson::map);
    }

    /** Returns elements of a map, from the one after a key on; from the first one where it is null. */
    public RemoteMap.Page elements(RemoteMap map, @Nullable String after)
            throws ServiceException, InterruptedException {
        String query = after == null ? "" : "&after=" + after;
        return ask("GET", elements(map) + "?limit=1000" + query, BodyPublishers.noBody(), MapJson::page);
    }

    /** Returns an element of a map. */
    public RemoteMap.Element element(RemoteMap map, byte[] key) throws ServiceException, InterruptedException {
        return ask("GET", pathOf(map, key), BodyPublishers.noBody(), MapJson::element);
    }

    /** Puts an element in; flags are {@code any}, {@code noexist} or {@code exist}. */
    public void update(RemoteMap map, byte[] key, byte[] value, String flags)
            throws ServiceException, InterruptedException {
        String body = "{\"value\":\"" + HexFormat.of().formatHex(value) + "\",\"flags\":\"" + flags + "\"}";
        ask("PUT", pathOf(map, key), BodyPublishers.ofString(body), answer -> answer);
    }

    /** Removes an element. */
    public void delete(RemoteMap map, byte[] key) throws ServiceException, InterruptedException {
        ask("DELETE", pathOf(map, key), BodyPublishers.noBody(), answer -> answer);
    }

    private static String elements(RemoteMap map) {
        return "/maps/" + encoded(map.object()) + '/' + encoded(map.name()) + "/elements";
    }

    /** Returns the path of an element; where elements have no key it stands as a dash. */
    private static String pathOf(RemoteMap map, byte[] key) {
        return elements(map) + '/' + (key.length == 0 ? "-" : HexFormat.of().formatHex(key));
    }

    /** Loads a program. */
    public RemoteProgram load(String object, String program) throws ServiceException, InterruptedException {
        return change(object, program, "load");
    }

    /** Attaches a program to the hook that its section names. */
    public RemoteProgram attach(String object, String program) throws ServiceException, InterruptedException {
        return change(object, program, "attach");
    }

    /** Detaches and unloads a program. */
    public RemoteProgram unload(String object, String program) throws ServiceException, InterruptedException {
        return change(object, program, "unload");
    }

    private RemoteProgram change(String object, String program, String verb)
            throws ServiceException, InterruptedException {
        String path = "/programs/" + encoded(object) + '/' + encoded(program) + '/' + verb;
        return ask("POST", path, BodyPublishers.noBody(), ServiceJson::program);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private <T> T ask(String method, String path, BodyPublisher body, Reader<T> reader)
            throws ServiceException, InterruptedException {
        return ask(method, path, method.equals("PUT") ? "application/json" : OCTETS, body, reader);
    }

    private <T> T ask(String method, String path, String type, BodyPublisher body, Reader<T> reader)
            throws ServiceException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + "/api/v1" + path)).method(method, body);
        if (body.contentLength() > 0) {
            request.header("Content-Type", type);
        }
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<byte[]> answer = answer(request.build());
        int status = answer.statusCode();
        try {
            if (status >= FIRST_ERROR) {
                throw ServiceException.refused(status, ServiceJson.problem(answer.body()));
            }
            if (status >= FIRST_OF_SUCCESS && status < FIRST_AFTER_SUCCESS) {
                return reader.read(answer.body());
            }
        } catch (IOException e) {
            throw notAService(status, firstLine(e));
        }
        throw notAService(status, "a redirect");
    }

    private ServiceException notAService(int status, String what) {
        return ServiceException.unreachable(
                base + " answers, but not as spinbpf serve does (status " + status + "; " + what + ")");
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private HttpResponse<byte[]> answer(HttpRequest request) throws ServiceException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), ServiceJson.MOST_BYTES));
        try {
            return answer.get(TIME_TO_ANSWER.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException _) {
            throw ServiceException.unreachable(
                    base + " did not answer within " + TIME_TO_ANSWER.toSeconds() + " seconds");
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            boolean noConnection = cause instanceof ConnectException;
            throw ServiceException.unreachable(
                    noConnection
                            ? "there is no service at " + base + "; start one with: spinbpf serve"
                            : "cannot ask " + base + ": "
                                    + (cause.getMessage() == null ? cause.toString() : firstLine(cause)));
        } finally {
            answer.cancel(true);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
