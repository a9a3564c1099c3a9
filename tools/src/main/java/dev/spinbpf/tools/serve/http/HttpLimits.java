package dev.spinbpf.tools.serve.http;

/**
 * Bounds on what clients may take.
 *
 * @param requestLineBytes longest request line
 * @param headerBytes longest headers, all together
 * @param connections most connections at a time; a further one takes the place of the one that is idle the longest
 * @param streams most event streams at a time
 * @param bufferedBytes most bytes of bodies that are being received or worked on, over all connections
 * @param idleMillis how long a connection may wait for a request to begin
 * @param requestMillis how long a request may take to arrive, and again its body
 * @param answerMillis how long a client may take to receive an answer
 * @param workers threads that work on requests that take their time
 * @param waiting requests that may wait for such a thread
 * @param heavy requests of the heaviest kind that are worked on at a time
 */
public record HttpLimits(
        int requestLineBytes,
        int headerBytes,
        int connections,
        int streams,
        long bufferedBytes,
        long idleMillis,
        long requestMillis,
        long answerMillis,
        int workers,
        int waiting,
        int heavy) {
    /** The limits of the service. */
    public static final HttpLimits DEFAULT =
            new HttpLimits(4096, 8192, 256, 16, 64 << 20, 120_000, 10_000, 20_000, 4, 64, 2);

    /** Returns limits with other times, for tests. */
    public HttpLimits withMillis(long idle, long request, long answer) {
        return new HttpLimits(
                requestLineBytes,
                headerBytes,
                connections,
                streams,
                bufferedBytes,
                idle,
                request,
                answer,
                workers,
                waiting,
                heavy);
    }

    /** Returns limits with another number of connections. */
    public HttpLimits withConnections(int value) {
        return new HttpLimits(
                requestLineBytes,
                headerBytes,
                value,
                streams,
                bufferedBytes,
                idleMillis,
                requestMillis,
                answerMillis,
                workers,
                waiting,
                heavy);
    }

    /** Returns limits with other numbers of threads, waiting requests, and heavy requests. */
    public HttpLimits withWork(int newWorkers, int newWaiting, int newHeavy) {
        return new HttpLimits(
                requestLineBytes,
                headerBytes,
                connections,
                streams,
                bufferedBytes,
                idleMillis,
                requestMillis,
                answerMillis,
                newWorkers,
                newWaiting,
                newHeavy);
    }
}
