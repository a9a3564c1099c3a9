package dev.spinbpf.maps.cpu;

import dev.spinbpf.maps.sync.IntWord;
import dev.spinbpf.maps.sync.LongWords;
import org.jspecify.annotations.Nullable;

/**
 * The locks that one CPU holds or is taking, in order: {@code struct rqspinlock_held}.
 *
 * <p>Only its CPU writes it; the others read it to find deadlocks. The count is raised before the slot is written, and
 * lowered after the slot is cleared, so that an interrupt between the two steps never overwrites an entry. It goes on
 * past {@link #SLOTS}, where entries are no longer recorded.
 */
public final class HeldLocks {
    /** Most entries that are recorded: {@code RES_NR_HELD}. */
    public static final int SLOTS = 31;

    /** Most classes of locks whose numbers fit into a note. */
    public static final int MOST_CLASSES = (1 << 20) - 1;

    // A note: number of the lock's class(20) address(41) level + 1(3).
    private static final int LEVEL_BITS = 3;
    private static final int LEVEL_MASK = (1 << LEVEL_BITS) - 1;
    private static final int CLASS_SHIFT = 44;
    private static final long ADDRESS_MASK = (1L << CLASS_SHIFT - LEVEL_BITS) - 1;

    private final IntWord count = new IntWord("held count");
    private final LongWords locks = new LongWords("held", SLOTS);
    // Beside each entry: 0 while it is an attempt, and once its lock is held the lock and the level at which it was
    // taken.
    private final LongWords owned = new LongWords("owned", SLOTS);

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

    /**
     * Notes for reports that the attempt of the topmost entry has succeeded, and the CPU's level. Linux keeps no such
     * note: by its table an attempt looks like a lock that is held.
     *
     * @param classNumber what the lock is counted under, at most {@link #MOST_CLASSES}
     */
    public void noteTaken(ContextLevel level, int classNumber) {
        int top = count.getPlain() - 1;
        if (top < SLOTS) {
            owned.note(
                    top, (long) classNumber << CLASS_SHIFT | locks.getPlain(top) << LEVEL_BITS | level.ordinal() + 1);
        }
    }

    /** Takes the locks that a CPU holds, one by one. */
    @FunctionalInterface
    public interface HeldVisitor {
        /** Visits a lock, the level at which it was taken, and the number of its class. */
        void visit(long lock, ContextLevel level, int classNumber);
    }

    /** Visits the locks that the CPU holds, as far as they are recorded; any thread may. */
    public void forEachHeld(HeldVisitor visitor) {
        for (int i = 0; i < SLOTS; i++) {
            long note = owned.noted(i);
            if (note != 0) {
                visitor.visit(addressOf(note), levelOf(note), (int) (note >>> CLASS_SHIFT));
            }
        }
    }

    private static long addressOf(long note) {
        return note >>> LEVEL_BITS & ADDRESS_MASK;
    }

    private static ContextLevel levelOf(long note) {
        return ContextLevel.of((int) (note & LEVEL_MASK) - 1);
    }

    /** Takes the note back, before the lock is let go. */
    public void noteReleased() {
        int top = count.getPlain() - 1;
        if (top < SLOTS) {
            owned.note(top, 0);
        }
    }

    /**
     * The level at which the CPU took a lock that it holds; any thread may ask. Null where it does not hold the lock,
     * and where that is not recorded, past {@link #SLOTS}. The CPU held the lock at some moment during the call.
     */
    public @Nullable ContextLevel levelOfHolder(long lock) {
        for (int i = 0; i < SLOTS; i++) {
            long note = owned.noted(i);
            if (note != 0 && addressOf(note) == lock) {
                return levelOf(note);
            }
        }
        return null;
    }

    /** Forgets all entries, while no CPU runs. */
    void reset() {
        for (int i = 0; i < SLOTS; i++) {
            locks.setPlain(i, 0);
            owned.note(i, 0);
        }
        count.setPlain(0);
    }

    /** Returns true where a shared word's owner is one of those that make up the table. */
    public boolean isPart(Object owner) {
        return owner == count || owner == locks;
    }

    /** Returns the number of the class of the lock that an entry says is held. */
    public int heldClassAt(int index) {
        return index < SLOTS ? (int) (owned.noted(index) >>> CLASS_SHIFT) : 0;
    }

    /** Returns the level at which the lock was taken that an entry says is held, null where it is an attempt or empty. */
    public @Nullable ContextLevel heldLevelAt(int index) {
        long note = index < SLOTS ? owned.noted(index) : 0;
        return note == 0 ? null : levelOf(note);
    }

    /** Returns the lock that an entry says is held, 0 where it is an attempt or empty. */
    public long heldAt(int index) {
        return index < SLOTS ? addressOf(owned.noted(index)) : 0;
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
