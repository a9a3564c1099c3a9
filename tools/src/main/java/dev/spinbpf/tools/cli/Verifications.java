package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.VerifyRow;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.function.Predicate;

/**
 * Verifies files for one kernel or several, some files at the same time, and hands the results out in the order of the
 * files. Only some files are read ahead of the result that is waited for.
 */
final class Verifications implements AutoCloseable {
    private static final int AHEAD_PER_THREAD = 8;
    private static final long STACK_BYTES = 8 << 20;

    private final List<FileVerification> kernels;
    private final Predicate<String> programs;
    private final Iterator<Path> files;
    private final int most;
    private final ExecutorService threads;
    private final Deque<Pending> pending = new ArrayDeque<>();

    private record Pending(Path file, Future<List<List<VerifyRow>>> rows) {}

    /**
     * @param kernels one verification for each kernel
     * @param programs the programs that are meant
     * @param jobs how many files to verify at the same time
     */
    Verifications(List<FileVerification> kernels, Predicate<String> programs, List<Path> files, int jobs) {
        this.kernels = List.copyOf(kernels);
        this.programs = programs;
        this.files = files.iterator();
        int count = Math.min(jobs, files.size());
        most = count * AHEAD_PER_THREAD;
        threads = Executors.newFixedThreadPool(count, threads());
    }

    private static ThreadFactory threads() {
        return task -> {
            var thread = new Thread(null, task, "verify", STACK_BYTES);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Returns whether there is another file. */
    boolean hasNext() {
        while (pending.size() < most && files.hasNext()) {
            Path file = files.next();
            pending.add(new Pending(file, threads.submit(() -> rowsOf(file))));
        }
        return !pending.isEmpty();
    }

    /** The file whose rows come next. */
    Path nextFile() {
        return pending.element().file;
    }

    /** Waits for the rows of the next file: one list for each kernel. */
    List<List<VerifyRow>> next() {
        try {
            return pending.remove().rows.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private List<List<VerifyRow>> rowsOf(Path file) {
        List<List<VerifyRow>> rows = new ArrayList<>();
        for (FileVerification kernel : kernels) {
            rows.add(kernel.rowsOf(file, programs));
        }
        return rows;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
