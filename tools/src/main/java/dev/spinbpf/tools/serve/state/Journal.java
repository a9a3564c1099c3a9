package dev.spinbpf.tools.serve.state;

import dev.spinbpf.tools.snapshot.Checksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file to which records are appended, each synced before {@link #append} returns.
 *
 * <pre>
 *   record: length(4) CRC-32C(4) bytes
 * </pre>
 *
 * <p>A process that ends in the middle of a record leaves a part of it at the end; it was not acknowledged, and is cut
 * off when the file is opened. A record that does not fit its checksum and has others after it was damaged later: such a
 * journal is refused, as acknowledged changes would be lost unnoticed otherwise.
 */
final class Journal implements AutoCloseable {
    private static final int HEADER_BYTES = 8;
    private static final int MOST_BYTES = 64 << 20;

    private static final Logger LOG = LoggerFactory.getLogger("serve");

    private final FileChannel channel;
    private final List<byte[]> found = new ArrayList<>();
    private long end;

    private Journal(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Opens a journal, and makes it where it is not there.
     *
     * @throws IOException where it cannot be read, or is damaged; the message names it
     */
    static Journal open(Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Journal journal = new Journal(channel);
        boolean done = false;
        try {
            journal.read(file);
            done = true;
        } finally {
            if (!done) {
                channel.close();
            }
        }
        return journal;
    }

    private void read(Path file) throws IOException {
        long size = channel.size();
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        while (end + HEADER_BYTES <= size) {
            readAll(header.clear(), end);
            int length = header.getInt(0);
            if (length < 0 || length > MOST_BYTES || end + HEADER_BYTES + length > size) {
                break;
            }
            ByteBuffer bytes = ByteBuffer.allocate(length);
            readAll(bytes, end + HEADER_BYTES);
            long next = end + HEADER_BYTES + length;
            if (Checksum.of(bytes.array()) != header.getInt(Integer.BYTES)) {
                if (next < size) {
                    throw new IOException(file + ": is damaged: the checksum of the record at byte " + end
                            + " does not fit, and others come after it");
                }
                break;
            }
            found.add(bytes.array());
            end = next;
        }
        if (end < size) {
            LOG.atWarn()
                    .addKeyValue("journal", file)
                    .addKeyValue("bytes", size - end)
                    .log("cut off a record that is not whole");
        }
        channel.truncate(end);
        channel.force(true);
    }

    private void readAll(ByteBuffer buffer, long from) throws IOException {
        long at = from;
        while (buffer.hasRemaining()) {
            int read = channel.read(buffer, at);
            if (read < 0) {
                throw new IOException("the journal became shorter");
            }
            at += read;
        }
    }

    /** Returns the records that were there when it was opened. */
    List<byte[]> records() {
        return found;
    }

    /** Returns true where nothing was appended so far. */
    boolean isEmpty() {
        return end == 0;
    }

    /**
     * Appends a record. It is on disk when this returns.
     *
     * @throws IOException where it is not; then the journal is as before
     */
    void append(byte[] bytes) throws IOException {
        ByteBuffer record = ByteBuffer.allocate(HEADER_BYTES + bytes.length)
                .putInt(bytes.length)
                .putInt(Checksum.of(bytes))
                .put(bytes)
                .flip();
        boolean done = false;
        try {
            long at = end;
            while (record.hasRemaining()) {
                at += channel.write(record, at);
            }
            channel.force(false);
            end = at;
            done = true;
        } finally {
            if (!done) {
                channel.truncate(end);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
