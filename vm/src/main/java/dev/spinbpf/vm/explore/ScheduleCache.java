package dev.spinbpf.vm.explore;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The states from which a search has gone on, each with how many preemptions and interrupts it had used up there. A
 * state need not be gone on from again with as many used up or more.
 */
final class ScheduleCache {
    /** Most preemptions and most interrupts that can be told apart. */
    static final int MOST_USED = 7;

    private static final int MOST_STATES = 1 << 23;
    private static final long[] AT_MOST = atMost();
    private static final Subtree NOTHING = new Subtree();

    private final KeyNumbers numbers = new KeyNumbers();
    private final Map<Subtree, Subtree> shared = new HashMap<>();
    private long[] used = new long[1 << 10];
    private @Nullable Subtree[] subtrees = new @Nullable Subtree[1 << 10];

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

    /** Returns the number of a state with a key. */
    int number(long key) {
        int number = numbers.of(key == 0 ? 1 : key);
        used = KeyNumbers.withRoom(used, number);
        subtrees = KeyNumbers.withRoom(subtrees, number);
        return number;
    }

    /**
     * Notes that the search goes on from a state.
     *
     * @param number the state's
     * @param preemptions used up so far, at most {@link #MOST_USED}
     * @param interrupts used up so far, at most {@link #MOST_USED}
     * @return where it went on from there before, with no more used up, the uses of words that follow; else null
     */
    @Nullable
    Subtree enter(int number, int preemptions, int interrupts) {
        int bit = preemptions * 8 + interrupts;
        if ((used[number] & AT_MOST[bit]) != 0) {
            Subtree known = subtrees[number];
            return known == null ? NOTHING : known;
        }
        used[number] |= 1L << bit;
        return null;
    }

    /** Notes what follows from a state, when the search has come to the end of it. */
    void leave(int number, Subtree subtree) {
        Subtree before = subtrees[number];
        if (before != null) {
            subtree.addAll(before);
        }
        Subtree same = shared.putIfAbsent(subtree, subtree);
        subtrees[number] = same == null ? subtree : same;
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
