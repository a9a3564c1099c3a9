package dev.spinbpf.tools.serve.http;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The connections of a server and what they hold together. All of it happens on the server's one I/O thread.
 *
 * <p>A connection whose request is being worked on, or that streams events, keeps its place; the numbers of both are
 * bounded by less than the number of connections. All others wait for their client: to send a request, or the rest of
 * it, or to take an answer. When there is no room for a new connection, the one that has waited the longest goes: of
 * those that had no request worked on so far, or of the others, whichever are more. So clients that only occupy
 * connections push out each other, one that sends its request at once is served, and one that comes again and again over
 * the same connection keeps it.
 */
final class ConnectionGate {
    private final HttpLimits limits;
    private final Set<ConnectionHandler> all = new LinkedHashSet<>();
    private final Set<ConnectionHandler> served = new HashSet<>();
    private final LinkedHashSet<ConnectionHandler> waitingNewcomers = new LinkedHashSet<>();
    private final LinkedHashSet<ConnectionHandler> waitingServed = new LinkedHashSet<>();
    private long bufferedBytes;
    private int streams;

    ConnectionGate(HttpLimits limits) {
        this.limits = limits;
    }

    /** Takes a connection in. Returns false where there is no room. */
    boolean enter(ConnectionHandler connection) {
        if (all.size() >= limits.connections()) {
            boolean isNewcomer = waitingNewcomers.size() > waitingServed.size();
            Iterator<ConnectionHandler> longest = (isNewcomer ? waitingNewcomers : waitingServed).iterator();
            if (!longest.hasNext()) {
                return false;
            }
            longest.next().cutOff();
        }
        all.add(connection);
        waitingNewcomers.add(connection);
        return true;
    }

    /** The connection waits for its client from now on. */
    void waits(ConnectionHandler connection) {
        stopWaiting(connection);
        if (all.contains(connection)) {
            (served.contains(connection) ? waitingServed : waitingNewcomers).add(connection);
        }
    }

    private void stopWaiting(ConnectionHandler connection) {
        waitingNewcomers.remove(connection);
        waitingServed.remove(connection);
    }

    /** The connection does not wait for its client. */
    void works(ConnectionHandler connection) {
        stopWaiting(connection);
        served.add(connection);
    }

    void leave(ConnectionHandler connection) {
        all.remove(connection);
        served.remove(connection);
        stopWaiting(connection);
    }

    /** Returns the connections there are. */
    List<ConnectionHandler> all() {
        return new ArrayList<>(all);
    }

    /** Sets bytes aside for a body. Returns false where there are too many already. */
    boolean reserve(long bytes) {
        if (bufferedBytes + bytes > limits.bufferedBytes()) {
            return false;
        }
        bufferedBytes += bytes;
        return true;
    }

    void release(long bytes) {
        bufferedBytes -= bytes;
    }

    /** Begins a stream of events. Returns false where there are too many already. */
    boolean beginStream() {
        if (streams >= limits.streams()) {
            return false;
        }
        streams++;
        return true;
    }

    void endStream() {
        streams--;
    }
}
