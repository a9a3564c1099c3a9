package dev.spinbpf.tools.serve.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** Sends bytes that no well-behaved client would send. */
public final class RawClient implements AutoCloseable {
    /** Longer than any test waits. */
    public static final int ENOUGH_MILLIS = 60_000;

    private final Socket socket;

    public RawClient(InetSocketAddress server) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), server.getPort());
        socket.setSoTimeout(ENOUGH_MILLIS);
    }

    /** All that a server answers to a request until it ends the connection. */
    public static String exchange(InetSocketAddress server, String request) throws IOException {
        try (RawClient client = new RawClient(server)) {
            try {
                client.send(request);
            } catch (SocketException e) {
                // The server may have answered before it has read all.
            }
            return client.rest();
        }
    }

    public void send(String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    public void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /** All that comes until the connection ends. */
    public String rest() throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    /** The next bytes. */
    public String read(int length) throws IOException {
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.ISO_8859_1);
    }

    /** The status of the next answer, or 0 where the connection has ended. */
    public int status() throws IOException {
        String line = read(12);
        return line.length() < 12 ? 0 : Integer.parseInt(line.substring(9));
    }

    /** Reads until some text has come; returns all up to it. */
    public String readUntil(String text) throws IOException {
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf(text) < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                throw new IOException("ended before '" + text + "': " + seen);
            }
            seen.append((char) next);
        }
        return seen.toString();
    }

    /** Returns true where the server has ended the connection. */
    public boolean isEnded() throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
