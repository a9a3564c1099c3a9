package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.Clock;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Lets a test wait for what it expects, however slow the machine, rather than for a time. */
public final class Patience {
    /** The time that something that happens many times a second may take to happen once. */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /**
     * A clock that runs so slowly that no wait for a lock times out because a thread waits for a processor.
     */
    public static final Clock SLOW_CLOCK = () -> System.nanoTime() / 50;

    private Patience() {}

    /**
     * Looks again and again until it sees what is expected, for a minute at most.
     *
     * @return what it saw last, for the test to assert on
     */
    public static <T> T until(Supplier<T> look, Predicate<? super T> expected) throws InterruptedException {
        long startNanos = System.nanoTime();
        T seen = look.get();
        while (!expected.test(seen) && System.nanoTime() - startNanos < LIMIT.toNanos()) {
            Thread.sleep(10);
            seen = look.get();
        }
        return seen;
    }
}
