package dev.spinbpf.verifier.prune;

import dev.spinbpf.verifier.state.RegState;
import java.util.Arrays;

/**
 * The ids of an old state that stand for ids of the current one. Ids differ from path to path; what counts is that
 * things with the same id in the old state have the same id in the current one, and different ones different ids.
 */
final class IdMap {
    /** As many as there are registers, stack slots and stack arguments in all frames. */
    private static final int CAPACITY = (11 + 64 + 7) * 16;

    private int[] olds = new int[16];
    private int[] currents = new int[16];
    private int count;
    private int temporaryId;

    /** Forgets all pairs. Ids made up from here on are greater than {@code lastId}. */
    void reset(int lastId) {
        count = 0;
        temporaryId = lastId;
    }

    /** Returns whether the ids may stand for each other; notes that they do. */
    boolean check(int old, int current) {
        if (old == 0 || current == 0) {
            return old == current;
        }
        for (int i = 0; i < count; i++) {
            if (olds[i] == old || currents[i] == current) {
                return olds[i] == old && currents[i] == current;
            }
        }
        return add(old, current);
    }

    private boolean add(int old, int current) {
        if (count == CAPACITY) {
            return false;
        }
        if (count == olds.length) {
            olds = Arrays.copyOf(olds, count * 2);
            currents = Arrays.copyOf(currents, count * 2);
        }
        olds[count] = old;
        currents[count] = current;
        count++;
        return true;
    }

    /**
     * The same for ids of scalars. An old scalar without one may be linked to anything now; a current scalar without
     * one is linked to nothing, so that it gets an id of its own. Both the id with its link and the one without must
     * agree.
     */
    boolean checkScalar(int old, int current) {
        if (old == 0) {
            return true;
        }
        int linked = current == 0 ? ++temporaryId : current;
        if (!check(old, linked)) {
            return false;
        }
        return (old & RegState.ADD_CONST) == 0 || check(old & ~RegState.ADD_CONST, linked & ~RegState.ADD_CONST);
    }
}
