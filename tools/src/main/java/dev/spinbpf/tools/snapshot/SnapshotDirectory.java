package dev.spinbpf.tools.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A directory that holds a snapshot.
 *
 * <p>A snapshot is one file. A new one is written beside it, synced, and renamed over it; then the directory is synced.
 * So whoever opens the directory finds the old snapshot or the new one, wherever the writer was stopped. What a stopped
 * writer left is overwritten by the next. While a snapshot is changed, the directory is locked against other writers.
 */
public final class SnapshotDirectory implements AutoCloseable {
    /** Largest file that is read. */
    public static final long MOST_BYTES = 1L << 30;

    static final String FILE = "maps.snapshot";
    static final String NEW_FILE = "maps.snapshot.new";
    static final String LOCK_FILE = "maps.lock";

    /** Between the steps of writing; tests stop the writer there. */
    enum Step {
        CREATED,
        HALF_WRITTEN,
        WRITTEN,
        SYNCED,
        RENAMED,
        DIRECTORY_SYNCED
    }

    /** Listens to the steps of writing. */
    @FunctionalInterface
    interface Steps {
        Steps NONE = step -> {};

        void reached(Step step);
    }

    /** The time that a command waits for others that change the same maps; it looks every {@link #LOOK_NANOS}. */
    private static final long WAIT_NANOS = 30_000_000_000L;

    private static final long LOOK_NANOS = 20_000_000;

    private final Path directory;
    private final FileChannel lockFile;
    private final FileLock lock;

    private SnapshotDirectory(Path directory, FileChannel lockFile, FileLock lock) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** Returns true if there is a snapshot in the directory. */
    public static boolean hasSnapshot(Path directory) {
        return Files.exists(directory.resolve(FILE));
    }

    /** Reads the snapshot in a directory. */
    public static MapSnapshot read(Path directory) throws SnapshotException {
        Path file = directory.resolve(FILE);
        try {
            long size = Files.size(file);
            if (size > MOST_BYTES) {
                throw new SnapshotException(file + ": has " + size + " bytes; at most " + MOST_BYTES + " are read");
            }
            return SnapshotReader.read(file.toString(), Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new SnapshotException(
                    directory + ": has no snapshot of maps (" + FILE + "); run --save-maps and map create make one");
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    /** Opens a directory to write to, and locks it, as soon as no other command has; makes it where it is not there. */
    public static SnapshotDirectory open(Path directory) throws SnapshotException {
        return open(directory, WAIT_NANOS);
    }

    static SnapshotDirectory open(Path directory, long waitNanos) throws SnapshotException {
        long startNanos = System.nanoTime();
        while (true) {
            SnapshotDirectory opened = tryOpen(directory);
            if (opened != null) {
                return opened;
            }
            if (System.nanoTime() - startNanos >= waitNanos) {
                throw new SnapshotException(directory + ": another spinbpf is changing the maps there; try again");
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    /** Null where another command has the lock. */
    private static @Nullable SnapshotDirectory tryOpen(Path directory) throws SnapshotException {
        FileChannel channel = null;
        try {
            Files.createDirectories(directory);
            channel =
                    FileChannel.open(directory.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new SnapshotDirectory(directory, channel, lock);
            }
            channel.close();
            return null;
        } catch (OverlappingFileLockException e) {
            closeQuietly(channel);
            return null;
        } catch (IOException e) {
            closeQuietly(channel);
            throw failed(directory, e);
        }
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            // The failure that led here is the one to report.
        }
    }

    private static SnapshotException failed(Path path, IOException e) {
        String reason =
                switch (e) {
                    case AccessDeniedException _ -> "permission denied";
                    case NoSuchFileException _ -> "cannot be made there";
                    case FileAlreadyExistsException _ -> "is not a directory";
                    case FileSystemException f when f.getReason() != null -> String.valueOf(f.getReason());
                    default -> String.valueOf(e.getMessage());
                };
        return new SnapshotException(path + ": " + reason);
    }

    /** Puts a snapshot in the place of the one that is there, if any. */
    public void write(MapSnapshot snapshot) throws SnapshotException {
        write(snapshot, Steps.NONE);
    }

    void write(MapSnapshot snapshot, Steps steps) throws SnapshotException {
        byte[] bytes = SnapshotWriter.write(snapshot);
        if (bytes.length > MOST_BYTES) {
            throw new SnapshotException(
                    directory + ": the maps take " + bytes.length + " bytes; at most " + MOST_BYTES + " are kept");
        }
        Path file = directory.resolve(NEW_FILE);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            steps.reached(Step.CREATED);
            writeAll(channel, ByteBuffer.wrap(bytes, 0, bytes.length / 2));
            steps.reached(Step.HALF_WRITTEN);
            writeAll(channel, ByteBuffer.wrap(bytes, bytes.length / 2, bytes.length - bytes.length / 2));
            steps.reached(Step.WRITTEN);
            channel.force(true);
            steps.reached(Step.SYNCED);
            Files.move(
                    file, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            steps.reached(Step.RENAMED);
            syncDirectory();
            steps.reached(Step.DIRECTORY_SYNCED);
        } catch (IOException e) {
            throw failed(file, e);
        }
    }

    private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private void syncDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public void close() throws SnapshotException {
        try (lockFile) {
            lock.release();
        } catch (IOException e) {
            throw failed(directory, e);
        }
    }
}
