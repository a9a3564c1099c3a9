package dev.spinbpf.maps.lock;

import dev.spinbpf.programs.linux.Errno;
import java.util.Locale;

/** The end of an attempt to take a lock: by which path it was taken, or why it was not. */
public enum LockOutcome {
    /** Taken at once: (0,0,0) → (0,0,1). */
    FAST(0),
    /** Taken by the pending waiter. */
    PENDING(0),
    /** Taken by the head of the queue. */
    QUEUED(0),
    /** Taken by a single further try on the way into the queue, or instead of queueing. */
    TRYLOCK(0),
    /** Refused: this CPU holds the lock, or is taking it in a context below. */
    AA(-Errno.EDEADLK),
    /** Refused: a CPU that holds the lock waits for one that this CPU holds. */
    ABBA(-Errno.EDEADLK),
    /** Refused: the lock did not come free in time. */
    TIMEOUT(-Errno.ETIMEDOUT),
    /** Refused: there was no queue node to wait with, and the lock was not free. */
    NO_NODE(-Errno.EDEADLK);

    private final int result;

    LockOutcome(int result) {
        this.result = result;
    }

    /** Returns the caller's result: 0, {@code -EDEADLK} or {@code -ETIMEDOUT}. */
    public int result() {
        return result;
    }

    /** Returns true where the lock was taken. */
    public boolean isAcquired() {
        return result == 0;
    }

    /** Returns the word for the result in reports and labels: {@code ok}, or why the lock was not taken. */
    public String resultWord() {
        return isAcquired() ? "ok" : name().toLowerCase(Locale.ROOT);
    }
}
