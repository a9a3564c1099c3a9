package dev.spinbpf.vm.jit;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A number of 64 bits each of whose bytes is zero or comes from memory near one base.
 *
 * @param origin the base, and the moment
 * @param offs distance of each byte from the base, the lowest byte first; {@link #ZERO} for none
 * @param last index of the last instruction that loaded some of them
 */
record LoadedBytes(Origin origin, int[] offs, int last) {
    private static final int ZERO = Integer.MIN_VALUE;

    /**
     * An address and a state of memory.
     *
     * @param version how often the base register was written
     * @param stores how often memory was
     */
    record Origin(int base, int version, int stores) {}

    /** The bytes of a load at an index. */
    static LoadedBytes of(Origin origin, int widthBytes, int off, int index) {
        int[] offs = zero();
        for (int i = 0; i < widthBytes; i++) {
            offs[i] = off + i;
        }
        return new LoadedBytes(origin, offs, index);
    }

    private static int[] zero() {
        int[] offs = new int[Long.BYTES];
        Arrays.fill(offs, ZERO);
        return offs;
    }

    /** Returns the bytes of both, or null where they are not of one origin or not beside each other. */
    @Nullable
    LoadedBytes with(LoadedBytes other) {
        if (!origin.equals(other.origin)) {
            return null;
        }
        int[] both = offs.clone();
        for (int i = 0; i < both.length; i++) {
            if (other.offs[i] != ZERO) {
                if (both[i] != ZERO) {
                    return null;
                }
                both[i] = other.offs[i];
            }
        }
        return new LoadedBytes(origin, both, Math.max(last, other.last));
    }

    /** Returns the number shifted to the left, or to the right by a negative count; null where it is no count of whole bytes. */
    @Nullable
    LoadedBytes shifted(long bits) {
        if (bits % Byte.SIZE != 0 || Math.abs(bits) >= Long.SIZE) {
            return null;
        }
        int bytes = (int) bits / Byte.SIZE;
        int[] shifted = zero();
        for (int i = 0; i < shifted.length; i++) {
            if (i - bytes >= 0 && i - bytes < offs.length) {
                shifted[i] = offs[i - bytes];
            }
        }
        return new LoadedBytes(origin, shifted, last);
    }

    /** Returns what a mask leaves; null where it cuts bytes. */
    @Nullable
    LoadedBytes masked(long mask) {
        int[] left = zero();
        for (int i = 0; i < left.length; i++) {
            long bits = mask >>> i * Byte.SIZE & 0xff;
            if (bits == 0xff) {
                left[i] = offs[i];
            } else if (bits != 0 && offs[i] != ZERO) {
                return null;
            }
        }
        return new LoadedBytes(origin, left, last);
    }

    /** Returns the lowest bytes. */
    LoadedBytes low(int bytes) {
        int[] low = offs.clone();
        Arrays.fill(low, bytes, low.length, ZERO);
        return new LoadedBytes(origin, low, last);
    }

    /** Returns the load that gives the number, or null where it takes several or is none. */
    LoadMerges.@Nullable Merge merge(int number) {
        int from = 0;
        while (from < offs.length && offs[from] == ZERO) {
            from++;
        }
        int to = offs.length;
        while (to > from && offs[to - 1] == ZERO) {
            to--;
        }
        int width = to - from;
        if (width < Short.BYTES || Integer.bitCount(width) != 1) {
            return null;
        }
        int step = offs[from + 1] - offs[from];
        for (int i = from; i < to; i++) {
            if (offs[i] == ZERO || offs[i] - offs[from] != step * (i - from)) {
                return null;
            }
        }
        boolean isBigEndian = step == -1;
        if (!isBigEndian && step != 1) {
            return null;
        }
        int first = isBigEndian ? offs[to - 1] : offs[from];
        return new LoadMerges.Merge(number, width, origin.base(), first, isBigEndian, from * Byte.SIZE);
    }
}
