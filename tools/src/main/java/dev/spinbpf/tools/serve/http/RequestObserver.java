package dev.spinbpf.tools.serve.http;

/** Learns of each answer. */
@FunctionalInterface
public interface RequestObserver {
    /** Looks at nothing. */
    RequestObserver NONE = (method, route, status, nanos) -> {};

    /**
     * Called on the I/O thread when an answer is on its way.
     *
     * @param method the method; {@code other} for a request that was refused before its route was known
     * @param route the route's template, or {@code other}
     * @param status the HTTP status
     * @param nanos time since the headers were there, in nanoseconds
     */
    void answered(String method, String route, int status, long nanos);
}
