package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The files that were uploaded: the objects, captures and kernel types that workloads from clients name. A workload has
 * copies of what it names, so that a file may be replaced or removed at any time.
 */
public final class UploadedFiles {
    private static final int MOST_FILES = 64;
    private static final long MOST_BYTES = 64 << 20;
    private static final int MOST_SHOWN = 100;

    private final ReentrantLock lock;
    private final Change.Listener listener;
    private volatile List<UploadedFile> all = List.of();

    /**
     * No files.
     *
     * @param lock the engine's, held while files change
     * @param listener learns of each change
     */
    UploadedFiles(ReentrantLock lock, Change.Listener listener) {
        this.lock = lock;
        this.listener = listener;
    }

    /** Returns the files, in the order of their upload. */
    public List<UploadedFile> all() {
        return all;
    }

    private @Nullable UploadedFile find(String name) {
        for (UploadedFile file : all) {
            if (file.name().equals(name)) {
                return file;
            }
        }
        return null;
    }

    /**
     * Returns a file for a workload that names it; it names no path of the file system.
     *
     * @throws UnreadableFileException where there is none
     */
    public NamedFile open(String name) throws UnreadableFileException {
        UploadedFile file = find(name);
        if (file == null) {
            String shown = name.length() <= MOST_SHOWN ? name : name.substring(0, MOST_SHOWN) + "...";
            throw new UnreadableFileException("'" + shown + "', which was not uploaded");
        }
        return new NamedFile(name, file.bytes());
    }

    /** Keeps a file, in the place of one that had its name. */
    public void put(String name, byte[] bytes) throws Refusal {
        Engine.requireName(name, "a file");
        ByteString contents = ByteString.of(bytes);
        UploadedFile file = new UploadedFile(name, contents, contents.sha256());
        lock.lock();
        try {
            List<UploadedFile> others = without(name);
            long sum = others.stream().mapToLong(other -> other.bytes().size()).sum();
            if (others.size() >= MOST_FILES || sum + bytes.length > MOST_BYTES) {
                throw new Refusal(
                        Kind.FULL,
                        "there are " + others.size() + " other files of " + sum + " bytes; at most " + MOST_FILES
                                + " files and " + MOST_BYTES + " bytes are kept");
            }
            others.add(file);
            all = List.copyOf(others);
            listener.changed(new Change.Stored(file));
        } finally {
            lock.unlock();
        }
    }

    /** Removes a file. */
    public void remove(String name) throws Refusal {
        lock.lock();
        try {
            if (find(name) == null) {
                throw new Refusal(Kind.ABSENT, "there is no file " + name);
            }
            all = List.copyOf(without(name));
            listener.changed(new Change.Discarded(name));
        } finally {
            lock.unlock();
        }
    }

    private List<UploadedFile> without(String name) {
        List<UploadedFile> others = new ArrayList<>(all);
        others.removeIf(file -> file.name().equals(name));
        return others;
    }
}
