package dev.spinbpf.tools.serve.http;

/**
 * Bounds on what clients may take.
 *
 * @param requestLineBytes longest request line
 * @param headerBytes longest headers, all together
 * @param connections most connections at a time; a further one takes the place of the one that is idle the longest
 * @param streams most event streams at a time
 * @param bufferedBytes most bytes of bodies that are being received or worked on, over all connections
 * @param times how long clients may take
 * @param work how much is worked on
 */
public record HttpLimits(
        int requestLineBytes,
        int headerBytes,
        int connections,
        int streams,
        long bufferedBytes,
        Times times,
        Work work) {
    /** The limits of the service. */
    public static final HttpLimits DEFAULT =
            new HttpLimits(4096, 8192, 256, 16, 64 << 20, new Times(120_000, 10_000, 20_000), new Work(4, 64, 2));

    /**
     * The times that clients may take.
     *
     * @param idleMillis how long a connection may wait for a request to begin
     * @param requestMillis how long a request may take to arrive, and again its body
     * @param answerMillis how long a client may take to receive an answer
     */
    public record Times(long idleMillis, long requestMillis, long answerMillis) {}

    /**
     * The amount of work at a time.
     *
     * @param workers threads that work on requests that take their time
     * @param waiting requests that may wait for such a thread
     * @param heavy requests of the heaviest kind that are worked on at a time
     */
    public record Work(int workers, int waiting, int heavy) {}

    /** Returns limits with other times. */
    public HttpLimits with(Times value) {
        return new HttpLimits(requestLineBytes, headerBytes, connections, streams, bufferedBytes, value, work);
    }
}
