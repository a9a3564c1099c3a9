package dev.spinbpf.vm.explore;

import java.util.Arrays;

/**
 * The uses of words in all schedules that go on from a state. Each has the contexts of which a step, after the state,
 * comes before it in whatever schedule it is in.
 */
final class Subtree {
    private static final int FIRST_CAPACITY = 16;
    private static final int CONTEXT_BITS = 10;

    private long[] keys = new long[FIRST_CAPACITY];
    private int[] masks = new int[FIRST_CAPACITY];
    private int count;

    /** Takes in a use. */
    interface Visitor {
        /** Called for each use. */
        void use(int word, boolean writes, int context, int before);
    }

    private static long key(int word, boolean writes, int context) {
        return (long) word << CONTEXT_BITS + 2 | (long) context << 2 | (writes ? 2 : 0) | 1;
    }

    private int slot(long key) {
        int mask = keys.length - 1;
        int at = (int) TraceHash.mix(key) & mask;
        while (keys[at] != 0 && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }

    /**
     * Adds a use.
     *
     * @param before bits of the contexts of which a step comes before it
     */
    void add(int word, boolean writes, int context, int before) {
        long key = key(word, writes, context);
        int at = slot(key);
        if (keys[at] == key) {
            masks[at] &= before;
            return;
        }
        keys[at] = key;
        masks[at] = before;
        count++;
        if (2 * count > keys.length) {
            grow();
        }
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldMasks = masks;
        keys = new long[2 * oldKeys.length];
        masks = new int[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int at = slot(oldKeys[i]);
                keys[at] = oldKeys[i];
                masks[at] = oldMasks[i];
            }
        }
    }

    /** Returns the bits of the contexts that use a word in a way that meets a use. */
    int meeting(int word, boolean writes) {
        int bits = 0;
        for (int i = 0; i < keys.length && count > 0; i++) {
            long key = keys[i];
            boolean meets = key != 0 && key >>> CONTEXT_BITS + 2 == word && (writes || (key & 2) != 0);
            int context = (int) (key >>> 2) & (1 << CONTEXT_BITS) - 1;
            bits |= meets && context < Dependences.MOST_MASKED ? 1 << context : 0;
        }
        return bits;
    }

    /** Forgets all. */
    void clear() {
        if (count > 0) {
            Arrays.fill(keys, 0);
            count = 0;
        }
    }

    /** Calls a visitor for each use. */
    void each(Visitor visitor) {
        for (int i = 0; i < keys.length; i++) {
            long key = keys[i];
            if (key != 0) {
                int context = (int) (key >>> 2) & (1 << CONTEXT_BITS) - 1;
                visitor.use((int) (key >>> CONTEXT_BITS + 2), (key & 2) != 0, context, masks[i]);
            }
        }
    }

    /** Adds all uses of another one. */
    void addAll(Subtree other) {
        other.each(this::add);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Subtree that
                && count == that.count
                && Arrays.equals(keys, that.keys)
                && Arrays.equals(masks, that.masks);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(keys) * 31 + Arrays.hashCode(masks);
    }
}
