package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.E2BIG;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOMEM;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.linux.KernelLimits;

/** Iterators over numbers and over the bits of words. */
final class IteratorHelpers {
    private static final int MAX_WORDS = 511;

    /** Largest block that Linux's allocator for programs hands out, less its own header. */
    private static final int LARGEST_ALLOCATION = 4096 - 8;

    private static final int BIT_COUNT = 8;
    private static final int BIT = 12;

    private IteratorHelpers() {}

    static void register(FunctionTable table, EmulatedKernel kernel) {
        table.kfunc("bpf_iter_num_new", (_, iterator, start, end, _, _) -> newRange(iterator, (int) start, (int) end));
        table.kfunc("bpf_iter_num_next", (_, iterator, _, _, _, _) -> nextNumber(iterator));
        table.kfunc("bpf_iter_num_destroy", (_, iterator, _, _, _, _) -> {
            GuestMemory.putLong(iterator, 0);
            return 0;
        });
        table.kfunc(
                "bpf_iter_bits_new",
                (_, iterator, words, count, _, _) -> newBits(kernel, iterator, words, (int) count));
        table.kfunc("bpf_iter_bits_next", (_, iterator, _, _, _, _) -> nextBit(iterator));
        table.kfunc("bpf_iter_bits_destroy", (_, iterator, _, _, _, _) -> {
            int bits = GuestMemory.getInt(iterator + BIT_COUNT);
            if (bits > Long.SIZE) {
                kernel.arena().free(GuestMemory.getLong(iterator), bits / Byte.SIZE);
                GuestMemory.putInt(iterator + BIT_COUNT, 0);
            }
            return 0;
        });
    }

    /** The iterator is the current number, just before the first one at the start, and the end. */
    private static long newRange(long iterator, int start, int end) {
        boolean valid = start <= end;
        boolean small = (long) end - start <= KernelLimits.BPF_MAX_LOOPS;
        GuestMemory.putInt(iterator, valid && small ? start - 1 : 0);
        GuestMemory.putInt(iterator + 4, valid && small ? end : 0);
        return !valid ? -EINVAL : small ? 0 : -E2BIG;
    }

    private static long nextNumber(long iterator) {
        int current = GuestMemory.getInt(iterator);
        int end = GuestMemory.getInt(iterator + 4);
        if (current + 1L >= end) {
            GuestMemory.putLong(iterator, 0);
            return 0;
        }
        GuestMemory.putInt(iterator, current + 1);
        return iterator;
    }

    /**
     * The iterator is the word itself or the address of a copy of the words, how many bits there are, and the current
     * bit.
     */
    private static long newBits(EmulatedKernel kernel, long iterator, long words, int count) {
        GuestMemory.putLong(iterator, 0);
        GuestMemory.putInt(iterator + BIT_COUNT, 0);
        GuestMemory.putInt(iterator + BIT, -1);
        if (words == 0 || count == 0) {
            return -EINVAL;
        }
        int bytes = count * Long.BYTES;
        if (count < 0 || count > MAX_WORDS || bytes > LARGEST_ALLOCATION) {
            return -E2BIG;
        }
        if (!GuestMemory.exists(words, bytes)) {
            return -EFAULT;
        }
        if (count == 1) {
            GuestMemory.putLong(iterator, GuestMemory.getLong(words));
        } else {
            long copy = kernel.arena().tryAllocate(bytes, 16);
            if (copy == 0) {
                return -ENOMEM;
            }
            GuestMemory.copy(words, copy, bytes);
            GuestMemory.putLong(iterator, copy);
        }
        GuestMemory.putInt(iterator + BIT_COUNT, bytes * Byte.SIZE);
        return 0;
    }

    private static long nextBit(long iterator) {
        int bits = GuestMemory.getInt(iterator + BIT_COUNT);
        int bit = GuestMemory.getInt(iterator + BIT);
        if (bits == 0 || bit >= bits) {
            return 0;
        }
        long words = bits == Long.SIZE ? iterator : GuestMemory.getLong(iterator);
        for (bit++; bit < bits; bit++) {
            if ((GuestMemory.getByte(words + (bit >> 3)) >> (bit & 7) & 1) != 0) {
                GuestMemory.putInt(iterator + BIT, bit);
                return iterator + BIT;
            }
        }
        GuestMemory.putInt(iterator + BIT, bits);
        return 0;
    }
}
