package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.cpu.Processors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Threads that work until they are stopped. */
final class Crew {
    /** Time within which a thread has to end once it is to stop. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    /** A duration without end. */
    private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;
    private volatile @Nullable Throwable failure;
    private volatile long startNanos;
    private volatile long endNanos;

    /**
     * Adds a thread, before {@link #start}. Its body must end soon when {@link #isStopping}; if it throws, all stop.
     */
    public void add(String name, Runnable body) {
        threads.add(Thread.ofPlatform().daemon().name("spinbpf-" + name).unstarted(() -> {
            try {
                body.run();
            } catch (RuntimeException | Error e) {
                failure = e;
                stopping = true;
            }
        }));
    }

    /** Adds the thread of a CPU: as {@link #add}, on processors that it shares with no other CPU, if there are enough. */
    public void add(Cpu cpu, Runnable body) {
        add("cpu" + cpu.id(), () -> {
            Processors.confine(cpu.id(), cpu.cpus().count());
            body.run();
        });
    }

    /** Starts all threads; returns at once. */
    public void start() {
        startNanos = System.nanoTime();
        threads.forEach(Thread::start);
    }

    /** Tells all threads to stop. Any thread may call it. */
    public void stop() {
        stopping = true;
    }

    public boolean isStopping() {
        return stopping;
    }

    /** Returns true from {@link #start} until the threads are to stop. */
    public boolean isRunning() {
        return elapsedNanos() > 0 && !stopping;
    }

    /** Returns true while any thread runs. */
    public boolean isAtWork() {
        return threads.stream().anyMatch(Thread::isAlive);
    }

    /** Waits until a time since the start is over, or until {@link #stop}. */
    public void await(Duration duration) throws InterruptedException {
        long nanos = duration.compareTo(FOREVER) == 0 ? Long.MAX_VALUE : duration.toNanos();
        while (!stopping && System.nanoTime() - startNanos < nanos) {
            Thread.sleep(Math.clamp((nanos - (System.nanoTime() - startNanos)) / 1_000_000, 1, 20));
        }
    }

    /**
     * Stops all threads and waits for their ends, ten seconds at most.
     *
     * @return those that did not end, and where they are
     * @throws IllegalStateException where a thread died, with the reason
     */
    public List<String> join() throws InterruptedException {
        stopping = true;
        List<String> stuck = new ArrayList<>();
        long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
        for (Thread thread : threads) {
            thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            if (thread.isAlive()) {
                StackTraceElement[] stack = thread.getStackTrace();
                stuck.add(thread.getName() + " did not stop" + (stack.length == 0 ? "" : ": it is in " + stack[0]));
            }
        }
        endNanos = System.nanoTime();
        Throwable reason = failure;
        if (reason != null) {
            throw new IllegalStateException("a stress thread died: " + reason, reason);
        }
        return stuck;
    }

    /** Returns the time that the threads have run, until now or until {@link #join}; 0 before the start. */
    public long elapsedNanos() {
        return startNanos == 0 ? 0 : (endNanos == 0 ? System.nanoTime() : endNanos) - startNanos;
    }
}
