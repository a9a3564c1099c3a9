package dev.spinbpf.vm.explore;

/**
 * The states from which a search has gone on, each with how many preemptions and interrupts it had used up there. A
 * state need not be gone on from again with as many used up or more.
 */
final class ScheduleCache {
    /** Most preemptions and most interrupts that can be told apart. */
    static final int MOST_USED = 7;

    private static final int MOST_STATES = 1 << 23;
    private static final long[] AT_MOST = atMost();

    private final KeyNumbers numbers = new KeyNumbers();
    private long[] used = new long[1 << 10];

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
        int number = numbers.of(nonZero);
        used = KeyNumbers.withRoom(used, number);
        if ((used[number] & AT_MOST[bit]) != 0) {
            return false;
        }
        used[number] |= 1L << bit;
        return true;
    }

    /** Returns how many states there are. */
    int count() {
        return numbers.count();
    }

    /** Returns true where no more states fit into memory. */
    boolean isFull() {
        return numbers.count() >= MOST_STATES;
    }
}
