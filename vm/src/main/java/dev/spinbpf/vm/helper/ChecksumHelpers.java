package dev.spinbpf.vm.helper;

import static dev.spinbpf.programs.linux.Errno.EACCES;
import static dev.spinbpf.programs.linux.Errno.EFAULT;
import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOTSUPP;

import dev.spinbpf.maps.memory.GuestMemory;

/** Internet checksums. */
final class ChecksumHelpers {
    private static final int LEVEL_QUERY = 0;
    private static final int LEVEL_INCREMENT = 1;
    private static final int LEVEL_DECREMENT = 2;
    private static final int LEVEL_RESET = 3;
    private static final int MOST_LEVELS = 4;

    private static final long SIZE_MASK = 0xf;
    private static final long PSEUDO_HEADER = 1 << 4;
    private static final long MANGLED_ZERO = 1 << 5;
    private static final long MARK_ENFORCE = 1 << 6;

    private ChecksumHelpers() {}

    static void register(FunctionTable table) {
        table.helper(
                "bpf_csum_diff",
                (_, from, fromSize, to, toSize, seed) ->
                        diff(from, fromSize & 0xffff_ffffL, to, toSize & 0xffff_ffffL, seed));
        table.helper("bpf_csum_level", (_, context, operation, _, _, _) -> level(context, operation));
        table.helper("bpf_csum_update", (_, _, _, _, _, _) -> -ENOTSUPP);
        table.helper(
                "bpf_l3_csum_replace",
                (_, context, offset, from, to, flags) ->
                        (flags & ~SIZE_MASK) != 0 ? -EINVAL : replace(context, offset, from, to, flags));
        table.helper(
                "bpf_l4_csum_replace",
                (_, context, offset, from, to, flags) ->
                        (flags & ~(MANGLED_ZERO | PSEUDO_HEADER | SIZE_MASK | MARK_ENFORCE)) != 0
                                ? -EINVAL
                                : replace(context, offset, from, to, flags));
    }

    /**
     * {@code bpf_csum_level}: how many checksums, one inside the other, the device found right. Packets here come
     * without any.
     */
    private static long level(long context, long operation) {
        long at = context + PacketFields.CHECKSUM_LEVEL_OFFSET;
        int levels = GuestMemory.getInt(at);
        if (operation == LEVEL_QUERY) {
            return levels > 0 ? levels - 1 : -EACCES;
        }
        if (operation < LEVEL_QUERY || operation > LEVEL_RESET) {
            return -EINVAL;
        }
        int changed = operation == LEVEL_INCREMENT
                ? Math.min(levels + 1, MOST_LEVELS)
                : operation == LEVEL_DECREMENT ? Math.max(levels - 1, 0) : 0;
        GuestMemory.putInt(at, changed);
        return 0;
    }

    private static long diff(long from, long fromSize, long to, long toSize, long seed) {
        long sum = seed & 0xffff_ffffL;
        if (fromSize == 0) {
            sum = partial(to, toSize, sum);
        } else if (toSize == 0) {
            sum = ~partial(from, fromSize, ~seed & 0xffff_ffffL) & 0xffff_ffffL;
        } else {
            long added = partial(to, toSize, sum);
            sum = fold(added + (~partial(from, fromSize, 0) & 0xffff_ffffL), 32);
        }
        return fold(sum, 16);
    }

    /** Adds words of 32 bits, the last one filled up with zeros. */
    private static long partial(long address, long size, long start) {
        long sum = start;
        long words = size & ~3;
        for (long i = 0; i < words; i += 4) {
            sum += GuestMemory.getInt(address + i) & 0xffff_ffffL;
        }
        for (long i = words; i < size; i++) {
            sum += (GuestMemory.getByte(address + i) & 0xffL) << 8 * (i - words);
        }
        return fold(sum, 32);
    }

    /** Adds the carries back in. */
    private static long fold(long sum, int bits) {
        long mask = (1L << bits) - 1;
        long folded = sum;
        while (folded >>> bits != 0) {
            folded = (folded & mask) + (folded >>> bits);
        }
        return folded;
    }

    private static long replace(long context, long offset, long from, long to, long flags) {
        PacketFields skb = PacketFields.SK_BUFF;
        long at = offset & 0xffff_ffffL;
        if ((at & 1) != 0 || !skb.contains(context, at, 2)) {
            return -EFAULT;
        }
        long address = skb.data(context) + at;
        long check = GuestMemory.getShort(address) & 0xffffL;
        if ((flags & MANGLED_ZERO) != 0 && (flags & MARK_ENFORCE) == 0 && check == 0) {
            return 0;
        }
        long size = flags & SIZE_MASK;
        long mask = size == 2 ? 0xffff : 0xffff_ffffL;
        if (size != 0 && size != 2 && size != 4 || size == 0 && from != 0) {
            return -EINVAL;
        }
        long removed = size == 0 ? 0 : ~from & mask;
        long sum = fold((~check & 0xffff) + fold(removed + (to & mask), 32), 16);
        long replaced = ~sum & 0xffff;
        if ((flags & MANGLED_ZERO) != 0 && replaced == 0) {
            replaced = 0xffff;
        }
        GuestMemory.putShort(address, (short) replaced);
        return 0;
    }
}
