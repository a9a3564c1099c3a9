package dev.spinbpf.tools.serve;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** Scrapes over connections that stay open, each at a steady rate, and takes the times. */
final class ScrapeClient {
    private static final String LENGTH = "content-length:";
    private static final double NANOS_PER_SECOND = 1e9;

    private ScrapeClient() {}

    /**
     * The results of a client's scrapes.
     *
     * @param answered scrapes that were answered with 200
     * @param failed scrapes that were not
     * @param nanos times of those that were, from the moment when each was due, sorted
     */
    record Figures(long answered, long failed, long[] nanos) {
        /** The time within which 99 of 100 were answered. */
        Duration p99() {
            return Duration.ofNanos(nanos.length == 0 ? 0 : nanos[(int) (nanos.length * 0.99)]);
        }
    }

    /** Scrapes for a time, {@code perSecond} times a second in all. */
    static Figures scrape(InetSocketAddress server, int connections, int perSecond, Duration time)
            throws InterruptedException {
        List<Connection> all = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Connection connection = new Connection(server, connections / (double) perSecond, time);
            all.add(connection);
            threads.add(Thread.ofPlatform().start(connection::run));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        long[] nanos = all.stream()
                .flatMap(connection -> connection.nanos.stream())
                .mapToLong(Long::longValue)
                .sorted()
                .toArray();
        long failed = all.stream().mapToLong(connection -> connection.failed).sum();
        return new Figures(nanos.length, failed, nanos);
    }

    private static final class Connection {
        private final InetSocketAddress server;
        private final long everyNanos;
        private final Duration time;
        private final List<Long> nanos = new ArrayList<>();
        private long failed;

        Connection(InetSocketAddress server, double everySeconds, Duration time) {
            this.server = server;
            this.everyNanos = (long) (everySeconds * NANOS_PER_SECOND);
            this.time = time;
        }

        private void run() {
            long begun = System.nanoTime();
            try (Socket socket = new Socket(server.getAddress(), server.getPort())) {
                DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
                for (long due = begun; due - begun < time.toNanos(); due += everyNanos) {
                    LockSupport.parkNanos(due - System.nanoTime());
                    socket.getOutputStream()
                            .write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                    if (isGood(in)) {
                        nanos.add(System.nanoTime() - due);
                    } else {
                        failed++;
                    }
                }
            } catch (IOException e) {
                failed++;
            }
        }

        private static boolean isGood(DataInputStream in) throws IOException {
            String status = line(in);
            int length = 0;
            for (String header = line(in); !header.isEmpty(); header = line(in)) {
                if (header.toLowerCase(Locale.ROOT).startsWith(LENGTH)) {
                    length = Integer.parseInt(header.substring(LENGTH.length()).strip());
                }
            }
            in.skipNBytes(length);
            return status.startsWith("HTTP/1.1 200 ");
        }

        private static String line(DataInputStream in) throws IOException {
            byte[] text = new byte[256];
            int size = 0;
            for (int c = in.readByte(); c != '\n'; c = in.readByte()) {
                if (size == text.length) {
                    text = Arrays.copyOf(text, 2 * size);
                }
                text[size++] = (byte) c;
            }
            return new String(text, 0, size, StandardCharsets.US_ASCII).strip();
        }
    }
}
