package dev.spinbpf.maps.cpu;

import dev.spinbpf.maps.sync.IntWord;
import dev.spinbpf.maps.sync.RefWord;

/** A waiter in the queue of a lock: {@code struct mcs_spinlock}. */
public final class QueueNode {
    private final RefWord<QueueNode> next = new RefWord<>("node next");
    private final IntWord locked = new IntWord("node locked");

    /** The waiter that follows this one, once it has linked itself. */
    public RefWord<QueueNode> next() {
        return next;
    }

    /** Returns the word by which the predecessor speaks: 0 wait, 1 be the head, 2 the queue is dissolved. */
    public IntWord locked() {
        return locked;
    }
}
