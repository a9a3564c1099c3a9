package dev.spinbpf.maps.lock;

/**
 * The bits of a lock word: byte 0 locked, byte 1 pending, bits 16 and 17 the index of the last waiter's queue node, bits 18 to 31 its CPU plus 1.
 *
 * <p>In comments a word is written (tail,pending,locked), with {@code *} for what does not matter and {@code n} for this waiter's tail.
 */
public final class LockWord {
    static final int LOCKED = 1;
    static final int LOCKED_MASK = 0xff;
    static final int PENDING = 1 << 8;
    static final int PENDING_MASK = 0xff << 8;
    static final int LOCKED_PENDING_MASK = LOCKED_MASK | PENDING_MASK;
    static final int TAIL_MASK = 0xffff << 16;

    private static final int TAIL_INDEX_SHIFT = 16;
    private static final int TAIL_CPU_SHIFT = 18;

    private LockWord() {}

    static int encodeTail(int cpu, int index) {
        return (cpu + 1) << TAIL_CPU_SHIFT | index << TAIL_INDEX_SHIFT;
    }

    static int tailCpu(int word) {
        return (word >>> TAIL_CPU_SHIFT) - 1;
    }

    static int tailIndex(int word) {
        return word >>> TAIL_INDEX_SHIFT & 3;
    }

    /** A word as {@code (tail,pending,locked)}, the tail as {@code cpu.index}. */
    public static String toString(int word) {
        String tail = (word & TAIL_MASK) == 0 ? "0" : tailCpu(word) + "." + tailIndex(word);
        return "(" + tail + "," + ((word & PENDING_MASK) >> 8) + "," + (word & LOCKED_MASK) + ")";
    }
}
