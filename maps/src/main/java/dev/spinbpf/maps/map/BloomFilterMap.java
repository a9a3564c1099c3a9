package dev.spinbpf.maps.map;

import static dev.spinbpf.programs.linux.Errno.EINVAL;
import static dev.spinbpf.programs.linux.Errno.ENOENT;

import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.sync.GuestWords;
import dev.spinbpf.programs.linux.MapFlags;

/** {@code BPF_MAP_TYPE_BLOOM_FILTER}: a set of bits, written and read without a lock. */
final class BloomFilterMap extends KeylessMap {
    private static final int DEFAULT_HASHES = 5;

    private final long bits;
    private final int bitMask;
    private final int hashes;
    private final int seed;

    BloomFilterMap(CheckedMapDef definition) {
        super(definition);
        int wanted = (int) def().mapExtra() & 0xf;
        hashes = wanted == 0 ? DEFAULT_HASHES : wanted;
        long bitCount = bitCount(maxEntries(), hashes);
        bitMask = (int) (bitCount - 1);
        bits = arena().allocate(bitCount / Byte.SIZE);
        seed = hasFlag(MapFlags.BPF_F_ZERO_SEED) ? 0 : environment().hashSeeds().getAsInt();
    }

    /** About entries * hashes / ln 2, rounded up to a power of two from 64 to 2^32. */
    static long bitCount(long maxEntries, int hashes) {
        long product = maxEntries * hashes;
        long wanted = product / 5 * 7;
        if (product > 0xffffffffL || wanted > 1L << 31) {
            return 1L << 32;
        }
        return wanted <= Long.SIZE ? Long.SIZE : Long.highestOneBit(wanted - 1) << 1;
    }

    private long bit(long value, int index) {
        return (JenkinsHash.hash(value, valueSize, seed + index) & bitMask) & 0xffffffffL;
    }

    @Override
    public int push(Cpu cpu, long value, long flags) {
        if (flags != MapFlags.BPF_ANY) {
            return -EINVAL;
        }
        for (int i = 0; i < hashes; i++) {
            long bit = bit(value, i);
            GuestWords.getAndBitwiseOrLong(bits + bit / Long.SIZE * Long.BYTES, 1L << bit);
        }
        return 0;
    }

    @Override
    public int peek(Cpu cpu, long value) {
        for (int i = 0; i < hashes; i++) {
            long bit = bit(value, i);
            if ((GuestWords.getLongOpaque(bits + bit / Long.SIZE * Long.BYTES) & 1L << bit) == 0) {
                return -ENOENT;
            }
        }
        return 0;
    }
}
