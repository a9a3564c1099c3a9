package dev.spinbpf.vm.explore;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Searchers that share work. They are made as they are needed. */
final class Searchers implements AutoCloseable {
    private final int jobs;
    private final Supplier<Searcher> more;
    private final ConcurrentLinkedQueue<Searcher> idle = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Searcher> all = new ConcurrentLinkedQueue<>();

    /** Begins with one searcher, and grows to {@code jobs}. */
    Searchers(Searcher first, int jobs, Supplier<Searcher> more) {
        this.jobs = jobs;
        this.more = more;
        all.add(first);
        idle.add(first);
    }

    /** Returns the searcher that was there first. */
    Searcher first() {
        return all.element();
    }

    /** A piece of work. */
    @FunctionalInterface
    interface Work<T> {
        /** Does the piece with a number. */
        T apply(Searcher searcher, int number);
    }

    /** Does some pieces of work side by side, the first ones first; returns what each came to, in their order. */
    <T> List<T> each(int count, Work<T> work) {
        int workers = Math.min(jobs, count);
        List<T> done = new ArrayList<>();
        if (workers <= 1) {
            for (int i = 0; i < count; i++) {
                done.add(work.apply(first(), i));
            }
            return done;
        }
        AtomicInteger next = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<List<T>> byNumber = new ArrayList<>();
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                byNumber.add(new ArrayList<>(1));
            }
            for (int i = 0; i < workers; i++) {
                running.add(threads.submit(() -> take(next, byNumber, work)));
            }
            running.forEach(Searchers::await);
            byNumber.forEach(done::addAll);
        }
        return done;
    }

    private <T> void take(AtomicInteger next, List<List<T>> byNumber, Work<T> work) {
        Searcher known = idle.poll();
        Searcher searcher = known == null ? more.get() : known;
        if (known == null) {
            all.add(searcher);
        }
        try {
            for (int i = next.getAndIncrement(); i < byNumber.size(); i = next.getAndIncrement()) {
                byNumber.get(i).add(work.apply(searcher, i));
            }
        } finally {
            idle.add(searcher);
        }
    }

    private static void await(Future<?> worker) {
        try {
            worker.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a search ran", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a part of a search failed", e.getCause());
        }
    }

    @Override
    public void close() {
        all.forEach(Searcher::close);
    }
}
