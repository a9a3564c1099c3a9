package dev.spinbpf.maps.cpu;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The ordinary spin locks that the runtime holds on one CPU, in a map operation or between taking a program's lock and
 * going back to the program, the last taken last. Only its CPU writes.
 */
public final class InnerLocks {
    /** Most that are recorded; more are only counted. */
    public static final int MOST = 8;

    private static final VarHandle LOCKS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] locks = new long[MOST];
    private final int[] classNumbers = new int[MOST];
    private int count;

    /** Notes a lock that was taken. */
    public void push(long lock, int classNumber) {
        if (count < MOST) {
            classNumbers[count] = classNumber;
            LOCKS.setRelease(locks, count, lock);
        }
        count++;
    }

    /** Forgets the lock that was taken last; before it is released. */
    public void pop() {
        count--;
        if (count < MOST) {
            LOCKS.setOpaque(locks, count, 0L);
        }
    }

    /** Returns how many there are; any thread may ask while the CPU waits for a lock. */
    public int count() {
        return Math.min(count, MOST);
    }

    /** Returns a lock's address by its number, from 0; 0 where there is none. */
    public long lockAt(int index) {
        return (long) LOCKS.getAcquire(locks, index);
    }

    /** Returns what a lock is counted under. */
    public int classAt(int index) {
        return classNumbers[index];
    }

    /** Returns true where a lock is among them; any thread may ask while the CPU waits for a lock. */
    public boolean holds(long lock) {
        for (int i = 0; i < MOST; i++) {
            if (lockAt(i) == lock) {
                return true;
            }
        }
        return false;
    }

    /** Forgets all, while the CPU does not run. */
    void reset() {
        while (count > 0) {
            pop();
        }
    }
}
