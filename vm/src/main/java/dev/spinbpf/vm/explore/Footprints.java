package dev.spinbpf.vm.explore;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.Arrays;

/**
 * The words that each context touched in all runs so far, and their protection.
 *
 * <p>An access at which nothing else can interfere need not be a choice: a switch or an interrupt just before it might as
 * well come just after, with the same result and at the same cost. Nothing can interfere where no other context touches
 * the word, or all only read it; where both hold a common lock, which one of them then waits for; or where the lower of
 * two contexts of one CPU masks the higher one. That an interrupt may land before the lower one masks it, and not after, is a
 * choice of its own, where interrupts are disabled.
 *
 * <p>What contexts touch is learned from runs. Where an access turns out to have been a choice all along, what was
 * explored so far may lack schedules and has to be explored again: {@link #hasGrown}. Meanwhile the answers stay as they
 * were, so that runs repeat. Nothing is forgotten, so that this ends.
 */
final class Footprints {
    private static final int LOCK_BITS = 44;
    private static final int CONTEXT_SHIFT = LOCK_BITS;
    private static final int CONTEXT_BITS = 10;
    private static final long LOCKS = (1L << LOCK_BITS) - 1;
    private static final long WRITES = 1L << CONTEXT_SHIFT + CONTEXT_BITS;
    private static final long MASKS = WRITES << 1;
    private static final long VALID = MASKS << 1;

    private long[][] usesByWord = new long[64][];
    private long[][] frozen = new long[0][];
    private boolean grown;

    /**
     * Returns a use of a word.
     *
     * @param context number of the context: four times the CPU's number and the level's
     * @param masks whether interrupts of the CPU are disabled
     * @param locks bits of the locks that the context itself holds
     */
    static long use(int context, boolean writes, boolean masks, long locks) {
        return VALID | (masks ? MASKS : 0) | (writes ? WRITES : 0) | (long) context << CONTEXT_SHIFT | locks & LOCKS;
    }

    /** Returns the bit of the lock with a number; 0 where there are too many, as if it were not held. */
    static long lockBit(int number) {
        return number < LOCK_BITS ? 1L << number : 0;
    }

    private static int context(long use) {
        return (int) (use >>> CONTEXT_SHIFT) & (1 << CONTEXT_BITS) - 1;
    }

    private static boolean interfere(long one, long other) {
        int first = context(one);
        int second = context(other);
        if (first == second || ((one | other) & WRITES) == 0 || (one & other & LOCKS) != 0) {
            return false;
        }
        if (first / ContextLevel.count() != second / ContextLevel.count()) {
            return true;
        }
        long lower = first < second ? one : other;
        boolean byNmi = Math.max(first, second) % ContextLevel.count() == ContextLevel.NMI.ordinal();
        return byNmi || (lower & MASKS) == 0;
    }

    /** Returns true where another context may interfere with a use, as far as was known at the last {@link #freeze}. */
    boolean isContended(int word, long use) {
        if (word < frozen.length && frozen[word] != null) {
            for (long other : frozen[word]) {
                if (interfere(use, other)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns true where more than one context uses a word. */
    boolean isShared(int word) {
        if (word >= usesByWord.length || usesByWord[word] == null) {
            return false;
        }
        int first = context(usesByWord[word][0]);
        for (long use : usesByWord[word]) {
            if (context(use) != first) {
                return true;
            }
        }
        return false;
    }

    /** Returns a copy, which learns for itself. */
    Footprints copy() {
        Footprints copy = new Footprints();
        copy.usesByWord = usesByWord.clone();
        return copy;
    }

    /** Notes a use. */
    void add(int word, long use) {
        usesByWord = KeyNumbers.withRoom(usesByWord, word);
        long[] uses = usesByWord[word];
        if (uses == null) {
            usesByWord[word] = new long[] {use};
            return;
        }
        for (long known : uses) {
            if (known == use) {
                return;
            }
        }
        for (long known : uses) {
            grown |= interfere(use, known) && !(isContended(word, known) && isContended(word, use));
        }
        usesByWord[word] = Arrays.copyOf(uses, uses.length + 1);
        usesByWord[word][uses.length] = use;
    }

    /** Returns true where an access that was no choice since the last {@link #freeze} has to be one. */
    boolean hasGrown() {
        return grown;
    }

    /** Lets the answers follow what was learned. */
    void freeze() {
        frozen = usesByWord.clone();
        grown = false;
    }
}
