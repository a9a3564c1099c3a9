package dev.spinbpf.vm.exec;

import static dev.spinbpf.programs.linux.Errno.ENOSPC;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * One of a program's output streams, {@code BPF_STDOUT} or {@code BPF_STDERR}: a bounded buffer that a reader empties.
 */
public final class ProgramStream {
    /** Most bytes that a stream holds: Linux's {@code BPF_STREAM_MAX_CAPACITY}. */
    public static final int CAPACITY = 100_000;

    /** Room below which no report is worth being formatted. */
    private static final int LITTLE_ROOM = 128;

    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private long dropped;

    /** Appends bytes: 0, or -ENOSPC with nothing written where they do not fit. */
    public synchronized int write(byte[] bytes) {
        if (content.size() + bytes.length > CAPACITY) {
            dropped++;
            return -ENOSPC;
        }
        content.writeBytes(bytes);
        return 0;
    }

    /** Returns true where there is so little room that a report would not fit anyway. */
    public synchronized boolean isNearlyFull() {
        return CAPACITY - content.size() < LITTLE_ROOM;
    }

    /** Counts a write that was not tried, as {@link #isNearlyFull}. */
    public synchronized void drop() {
        dropped++;
    }

    /** Returns how many writes did not fit. */
    public synchronized long dropped() {
        return dropped;
    }

    /** Appends text. */
    public int write(String text) {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Takes all that is there. */
    public synchronized String read() {
        String text = content.toString(StandardCharsets.UTF_8);
        content.reset();
        return text;
    }
}
