package dev.spinbpf.vm.explore;

/**
 * The states from which a search has gone on, each with how many preemptions and interrupts it had used up there. A
 * state need not be gone on from again with as many used up or more.
 */
final class ScheduleCache {
    /** Most preemptions and most interrupts that can be told apart. */
    static final int MOST_USED = 7;

    private static final int FIRST_CAPACITY = 1 << 12;
    private static final int MOST_STATES = 1 << 23;
    private static final long[] AT_MOST = atMost();

    private long[] keys = new long[FIRST_CAPACITY];
    private long[] used = new long[FIRST_CAPACITY];
    private int count;

    private static long[] atMost() {
        long[] masks = new long[Long.SIZE];
        for (int bit = 0; bit < Long.SIZE; bit++) {
            for (int other = 0; other < Long.SIZE; other++) {
                if (other / 8 <= bit / 8 && other % 8 <= bit % 8) {
                    masks[bit] |= 1L << other;
                }
            }
        }
        return masks;
    }

    /**
     * Notes that the search goes on from a state.
     *
     * @param key the state's number
     * @param preemptions used up so far, at most {@link #MOST_USED}
     * @param interrupts used up so far, at most {@link #MOST_USED}
     * @return false where it went on from there before, with no more used up
     */
    boolean enter(long key, int preemptions, int interrupts) {
        int bit = preemptions * 8 + interrupts;
        long nonZero = key == 0 ? 1 : key;
        int mask = keys.length - 1;
        int at = (int) nonZero & mask;
        while (keys[at] != 0 && keys[at] != nonZero) {
            at = at + 1 & mask;
        }
        if (keys[at] == nonZero) {
            if ((used[at] & AT_MOST[bit]) != 0) {
                return false;
            }
            used[at] |= 1L << bit;
            return true;
        }
        keys[at] = nonZero;
        used[at] = 1L << bit;
        if (2 * ++count > keys.length) {
            grow();
        }
        return true;
    }

    /** Returns how many states there are. */
    int count() {
        return count;
    }

    /** Returns true where no more states fit into memory. */
    boolean isFull() {
        return count >= MOST_STATES;
    }

    private void grow() {
        long[] oldKeys = keys;
        long[] oldUsed = used;
        keys = new long[2 * oldKeys.length];
        used = new long[keys.length];
        int mask = keys.length - 1;
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int at = (int) oldKeys[i] & mask;
                while (keys[at] != 0) {
                    at = at + 1 & mask;
                }
                keys[at] = oldKeys[i];
                used[at] = oldUsed[i];
            }
        }
    }
}
