package dev.spinbpf.vm.explore;

import java.util.Arrays;

/** Numbers for keys, in the order in which they come, by open addressing. */
final class KeyNumbers {
    private static final int FIRST_CAPACITY = 1 << 10;
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private long[] keys = new long[FIRST_CAPACITY];
    private int[] numbers = new int[FIRST_CAPACITY];
    private int count;

    /** Returns how many keys have numbers. */
    int count() {
        return count;
    }

    /**
     * Returns the number of a key: its own, or the next one, from 0, for a key that is new.
     *
     * @param key any number but 0
     */
    int of(long key) {
        int at = slot(key);
        if (keys[at] == key) {
            return numbers[at];
        }
        put(at, key, count++);
        if (2 * count > keys.length) {
            grow();
        }
        return count - 1;
    }

    /** Gives a key that is not 0 a number; returns true where it had none. */
    boolean isNew(long key) {
        int before = count;
        of(key);
        return count > before;
    }

    /** Returns the slot of a key, or the free one where it belongs. */
    private int slot(long key) {
        int mask = keys.length - 1;
        int at = (int) (key * GOLDEN_RATIO >>> 32) & mask;
        while (keys[at] != 0 && keys[at] != key) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void put(int at, long key, int number) {
        keys[at] = key;
        numbers[at] = number;
    }

    private void grow() {
        long[] oldKeys = keys;
        int[] oldNumbers = numbers;
        keys = new long[2 * oldKeys.length];
        numbers = new int[keys.length];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                put(slot(oldKeys[i]), oldKeys[i], oldNumbers[i]);
            }
        }
    }

    /** Returns an array indexed by such numbers that has room for one. */
    static long[] withRoom(long[] array, int number) {
        return number < array.length ? array : Arrays.copyOf(array, roomFor(array.length, number));
    }

    /** As {@link #withRoom(long[], int)}. */
    static int[] withRoom(int[] array, int number) {
        return number < array.length ? array : Arrays.copyOf(array, roomFor(array.length, number));
    }

    /** As {@link #withRoom(long[], int)}. */
    static <T> T[] withRoom(T[] array, int number) {
        return number < array.length ? array : Arrays.copyOf(array, roomFor(array.length, number));
    }

    private static int roomFor(int length, int number) {
        return Math.max(2 * length, number + 1);
    }
}
