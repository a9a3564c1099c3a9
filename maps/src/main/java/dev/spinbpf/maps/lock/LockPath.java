package dev.spinbpf.maps.lock;

import java.util.Locale;

/** The places of a lock's algorithm at which an attempt ends: those where it takes the lock, and those where it gives up. */
public enum LockPath {
    /** The lock was free: (0,0,0) → (0,0,1). */
    FAST,
    /** As the pending waiter, which waits for the owner. */
    PENDING,
    /** As the head of the queue, which claims the lock. */
    QUEUED,
    /** At a single further try on the way into the queue, or instead of queueing. */
    TRYLOCK,
    /** Before it queued. */
    ENQUEUE,
    /** As the head of the queue, which waits for owner and pending waiter. */
    HEAD,
    /** In the queue, which its head dissolved. */
    QUEUE,
    /** In the loop of a lock without a queue. */
    SPIN;

    /** Returns the word in labels and JSON. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
