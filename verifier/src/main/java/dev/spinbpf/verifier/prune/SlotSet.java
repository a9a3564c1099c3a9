package dev.spinbpf.verifier.prune;

import org.jspecify.annotations.Nullable;

/**
 * A set of half stack slots of one frame, of four bytes each. Half slot {@code h} covers the bytes from {@code fp - 4 *
 * (h + 1)}. Immutable. Comparison is written out as {@link dev.spinbpf.programs.isa.Insn}'s is.
 *
 * @param low bits of the half slots 0 to 63
 * @param high bits of the half slots 64 to 127
 */
record SlotSet(long low, long high) {
    /** Half slots of a frame. */
    static final int COUNT = 128;

    /** Bytes of a half slot. */
    static final int BYTES = 4;

    /** {@link #halves} of a slot that is in the set as a whole. */
    static final int BOTH_HALVES = 3;

    static final SlotSet NONE = new SlotSet(0, 0);
    static final SlotSet ALL = new SlotSet(-1, -1);

    /** The half slots from one to another, both included; those beyond the frame are left out. */
    static SlotSet range(long first, long last) {
        long low = 0;
        long high = 0;
        for (long slot = Math.max(first, 0); slot <= last && slot < COUNT; slot++) {
            if (slot < 64) {
                low |= 1L << slot;
            } else {
                high |= 1L << (slot - 64);
            }
        }
        return new SlotSet(low, high);
    }

    boolean contains(int slot) {
        return ((slot < 64 ? low >>> slot : high >>> (slot - 64)) & 1) != 0;
    }

    /** The halves of a slot that are in the set: bit 0 for the one at the higher addresses, bit 1 for the other. */
    int halves(int spi) {
        long bits = spi < 32 ? low >>> (spi * 2) : high >>> (spi * 2 - 64);
        return (int) bits & BOTH_HALVES;
    }

    boolean isEmpty() {
        return (low | high) == 0;
    }

    SlotSet or(SlotSet other) {
        return new SlotSet(low | other.low, high | other.high);
    }

    SlotSet and(SlotSet other) {
        return new SlotSet(low & other.low, high & other.high);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SlotSet set && low == set.low && high == set.high;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(low) * 31 + Long.hashCode(high);
    }

    SlotSet minus(SlotSet other) {
        return new SlotSet(low & ~other.low, high & ~other.high);
    }
}
