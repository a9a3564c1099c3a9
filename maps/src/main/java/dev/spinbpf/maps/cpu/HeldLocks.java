package dev.spinbpf.maps.cpu;

import dev.spinbpf.maps.sync.IntWord;
import dev.spinbpf.maps.sync.LongWords;

/**
 * The locks that one CPU holds or is taking, in order: {@code struct rqspinlock_held}.
 *
 * <p>Only its CPU writes it; the others read it to find deadlocks. The count is raised before the slot is written, and
 * lowered after the slot is cleared, so that an interrupt between the two steps never overwrites an entry. It goes on past
 * {@link #SLOTS}, where entries are no longer recorded.
 */
public final class HeldLocks {
    /** How many entries are recorded: {@code RES_NR_HELD}. */
    public static final int SLOTS = 31;

    private final IntWord count = new IntWord();
    private final LongWords locks = new LongWords(SLOTS);

    /** Makes the next entry, still empty: {@code cnt++}. */
    public void raiseCount() {
        count.setOpaque(count.getPlain() + 1);
    }

    /** Records {@code lock} in the topmost entry; does nothing past {@link #SLOTS}. */
    public void recordTop(long lock) {
        int top = count.getPlain() - 1;
        if (top < SLOTS) {
            locks.setOpaque(top, lock);
        }
    }

    /** Empties the topmost entry; does nothing past {@link #SLOTS}. */
    public void clearTop() {
        int top = count.getPlain() - 1;
        if (top < SLOTS) {
            locks.setOpaque(top, 0);
        }
    }

    /** Drops the topmost entry, which must be empty: {@code smp_wmb(); cnt--}. */
    public void lowerCount() {
        count.setRelease(count.getPlain() - 1);
    }

    /** The count as the CPU itself sees it. */
    public int count() {
        return count.getPlain();
    }

    /** The lock in an entry as the CPU itself sees it, 0 where it is empty. */
    public long lock(int index) {
        return locks.getPlain(index);
    }

    /** The count as another CPU sees it: {@code READ_ONCE(rqh->cnt)}. */
    public int countOpaque() {
        return count.getOpaque();
    }

    /** The lock in an entry as another CPU sees it, 0 where it is empty: {@code READ_ONCE(rqh->locks[index])}. */
    public long lockOpaque(int index) {
        return locks.getOpaque(index);
    }

    /** The recorded entries now, for reports: guest addresses, lowest first. */
    public long[] toArray() {
        long[] held = new long[Math.min(Math.max(count(), 0), SLOTS)];
        for (int i = 0; i < held.length; i++) {
            held[i] = lock(i);
        }
        return held;
    }
}
