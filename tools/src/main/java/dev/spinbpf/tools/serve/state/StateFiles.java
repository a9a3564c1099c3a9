package dev.spinbpf.tools.serve.state;

import dev.spinbpf.tools.snapshot.Checksum;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Files that are there whole or not at all. */
final class StateFiles {
    private static final int HEADER_BYTES = 4;

    private StateFiles() {}

    /**
     * Puts a file in place: written beside it, synced, renamed, and the directory synced.
     *
     * @throws IOException where that fails; what was written so far is gone then, so that a full disk does not stay full
     */
    static void replace(Path file, byte[] bytes) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        boolean done = false;
        try {
            write(fresh, bytes);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            done = true;
        } finally {
            if (!done) {
                Files.deleteIfExists(fresh);
            }
        }
        syncDirectory(file);
    }

    private static void write(Path fresh, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(
                fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.force(true);
        }
    }

    /** Syncs the directory that a file is in. */
    static void syncDirectory(Path file) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Returns bytes with their checksum before them. */
    static byte[] withSum(byte[] bytes) {
        return ByteBuffer.allocate(HEADER_BYTES + bytes.length)
                .putInt(Checksum.of(bytes))
                .put(bytes)
                .array();
    }

    /** Reads a file that {@link #withSum} made. */
    static byte[] readWithSum(Path file) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file));
        if (all.remaining() < HEADER_BYTES) {
            throw new IOException(file + ": is damaged: it has " + all.remaining() + " bytes");
        }
        int expected = all.getInt();
        byte[] bytes = new byte[all.remaining()];
        all.get(bytes);
        if (Checksum.of(bytes) != expected) {
            throw new IOException(file + ": is damaged: its checksum does not fit");
        }
        return bytes;
    }
}
