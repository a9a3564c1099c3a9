package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.sync.GuestWords;

/**
 * The word of a lock, and every step that changes it.
 *
 * <p>Byte 0 is the owner's (1 while the lock is held), byte 1 the pending waiter's (1 while there is one); bits 16 and
 * 17 are the index of the last queued waiter's node, bits 18 to 31 its CPU plus 1, and these sixteen bits, the
 * <em>tail</em>, are 0 while nobody queues. A word is printed as {@code (tail,pending,locked)}.
 *
 * <table>
 *   <caption>Steps: an empty cell stands for any value, which the step leaves as it is</caption>
 *   <tr><th>step</th><th>made by</th><th>locked</th><th>pending</th><th>tail</th><th>access</th></tr>
 *   <tr><td>{@link #take}</td><td>whoever finds the word 0</td>
 *       <td>0 → 1</td><td>0</td><td>0</td><td>compare and exchange, acquire</td></tr>
 *   <tr><td>{@link #announce}</td><td>a waiter that wants to be the pending one</td>
 *       <td></td><td>any → 1</td><td></td><td>or, fully ordered</td></tr>
 *   <tr><td>{@link #withdraw}</td><td>the pending waiter</td>
 *       <td></td><td>1 → 0</td><td></td><td>store of a byte, opaque</td></tr>
 *   <tr><td>{@link #inherit}</td><td>the pending waiter</td>
 *       <td>0 → 1</td><td>1 → 0</td><td></td><td>store of two bytes, opaque</td></tr>
 *   <tr><td>{@link #join}</td><td>a waiter with a node</td>
 *       <td></td><td></td><td>any → own</td><td>compare and exchange, fully ordered</td></tr>
 *   <tr><td>{@link #leaveAsLast}</td><td>the last in the queue</td>
 *       <td></td><td></td><td>own → 0</td><td>compare and exchange, fully ordered</td></tr>
 *   <tr><td>{@link #claimAsLast}</td><td>the head, being the last as well</td>
 *       <td>0 → 1</td><td>0</td><td>own → 0</td><td>compare and exchange, fully ordered</td></tr>
 *   <tr><td>{@link #claim}</td><td>the head</td>
 *       <td>0 → 1</td><td></td><td></td><td>store of a byte, opaque</td></tr>
 *   <tr><td>{@link #release}</td><td>the owner</td>
 *       <td>1 → 0</td><td></td><td></td><td>store of a byte, release</td></tr>
 * </table>
 *
 * <p>{@code inherit} and {@code claim} are stores because nobody else may write what they write: while one waiter is
 * pending or heads the queue, everybody else finds the word taken and does not touch the owner's byte. An acquiring
 * load, by which the waiter has seen the lock free, comes before both.
 */
public final class LockWord {
    static final int LOCKED = 1;
    static final int LOCKED_MASK = 0xff;
    static final int PENDING = 1 << 8;
    static final int PENDING_MASK = 0xff << 8;
    static final int LOCKED_PENDING_MASK = LOCKED_MASK | PENDING_MASK;
    static final int TAIL_MASK = 0xffff << 16;

    private static final int PENDING_BYTE = 1;
    private static final int TAIL_INDEX_SHIFT = 16;
    private static final int TAIL_CPU_SHIFT = 18;

    private LockWord() {}

    // Steps.

    /** Takes the lock if the word is 0; returns the word before, 0 where the lock was taken. */
    static int take(long lock) {
        return GuestWords.compareAndExchangeIntAcquire(lock, 0, LOCKED);
    }

    /** Takes the lock if a look shows that the word is 0. */
    static boolean takeIfFree(long lock) {
        return GuestWords.getIntOpaque(lock) == 0 && take(lock) == 0;
    }

    /** Sets the pending byte; returns the word before, by which the caller knows if it is the pending waiter now. */
    static int announce(long lock) {
        return GuestWords.getAndBitwiseOrInt(lock, PENDING);
    }

    static void withdraw(long lock) {
        GuestWords.setByteOpaque(lock + PENDING_BYTE, (byte) 0);
    }

    static void inherit(long lock) {
        GuestWords.setShortOpaque(lock, (short) LOCKED);
    }

    /** Makes a tail the word's; returns the word before, whose tail is the predecessor. */
    static int join(long lock, int tail) {
        int word = GuestWords.getIntOpaque(lock);
        for (int found = replace(lock, word, tail); found != word; found = replace(lock, word, tail)) {
            word = found;
        }
        return word;
    }

    /** Takes a tail off the word; false if another waiter has joined since. */
    static boolean leaveAsLast(long lock, int tail) {
        int word = GuestWords.getIntOpaque(lock);
        while ((word & TAIL_MASK) == tail) {
            int found = replace(lock, word, 0);
            if (found == word) {
                return true;
            }
            word = found;
        }
        return false;
    }

    private static int replace(long lock, int word, int tail) {
        return GuestWords.compareAndExchangeInt(lock, word, word & LOCKED_PENDING_MASK | tail);
    }

    /** Takes the lock and the tail off the word; false if another waiter has joined, or announced itself, since. */
    static boolean claimAsLast(long lock, int word, int tail) {
        return (word & TAIL_MASK) == tail && GuestWords.compareAndExchangeInt(lock, word, LOCKED) == word;
    }

    static void claim(long lock) {
        GuestWords.setByteOpaque(lock, (byte) LOCKED);
    }

    static void release(long lock) {
        GuestWords.setByteRelease(lock, (byte) 0);
    }

    // Parts of a word.

    static boolean isLocked(int word) {
        return (word & LOCKED_MASK) != 0;
    }

    static boolean isPending(int word) {
        return (word & PENDING_MASK) != 0;
    }

    /** Tells if somebody waits, pending or in the queue. */
    static boolean hasWaiters(int word) {
        return (word & ~LOCKED_MASK) != 0;
    }

    static boolean hasTail(int word) {
        return (word & TAIL_MASK) != 0;
    }

    static int tail(int cpu, int index) {
        return (cpu + 1) << TAIL_CPU_SHIFT | index << TAIL_INDEX_SHIFT;
    }

    static int tailCpu(int word) {
        return (word >>> TAIL_CPU_SHIFT) - 1;
    }

    static int tailIndex(int word) {
        return word >>> TAIL_INDEX_SHIFT & 3;
    }

    /** Returns a word as {@code (tail,pending,locked)}, the tail as {@code cpu.index}. */
    public static String toString(int word) {
        String tail = hasTail(word) ? tailCpu(word) + "." + tailIndex(word) : "0";
        return "(" + tail + "," + ((word & PENDING_MASK) >> 8) + "," + (word & LOCKED_MASK) + ")";
    }
}
