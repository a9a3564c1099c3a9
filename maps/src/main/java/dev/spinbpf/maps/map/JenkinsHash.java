package dev.spinbpf.maps.map;

import dev.spinbpf.maps.memory.GuestMemory;

/**
 * Bob Jenkins's lookup3 hash, as the kernel's {@code jhash}/{@code jhash2} use it: a map with the same seed has the
 * same buckets here and there.
 *
 * @see <a href="https://burtleburtle.net/bob/c/lookup3.c">lookup3.c</a>
 */
final class JenkinsHash {
    private static final int INITIAL = 0xdeadbeef;
    private static final int BLOCK = 12;

    private JenkinsHash() {}

    /** The hash of {@code length} bytes. */
    static int hash(long key, int length, int seed) {
        int start = INITIAL + length + seed;
        if (length == Integer.BYTES) {
            return finish(start + GuestMemory.getInt(key), start, start);
        }
        if (length == Long.BYTES) {
            return finish(start + GuestMemory.getInt(key), start + GuestMemory.getInt(key + 4), start);
        }
        return ofAnyLength(key, length, start);
    }

    private static int ofAnyLength(long key, int length, int start) {
        int a = start;
        int b = start;
        int c = start;
        long at = key;
        int left = length;
        while (left > BLOCK) {
            // The three words take turns in the same step, which is written out, as it changes two of them.
            a += GuestMemory.getInt(at);
            b += GuestMemory.getInt(at + 4);
            c += GuestMemory.getInt(at + 8);
            a -= c;
            a ^= Integer.rotateLeft(c, 4);
            c += b;
            b -= a;
            b ^= Integer.rotateLeft(a, 6);
            a += c;
            c -= b;
            c ^= Integer.rotateLeft(b, 8);
            b += a;
            a -= c;
            a ^= Integer.rotateLeft(c, 16);
            c += b;
            b -= a;
            b ^= Integer.rotateLeft(a, 19);
            a += c;
            c -= b;
            c ^= Integer.rotateLeft(b, 4);
            b += a;
            at += BLOCK;
            left -= BLOCK;
        }
        if (left == 0) {
            return c;
        }
        a += tail(at, left);
        b += tail(at + 4, left - 4);
        c += tail(at + 8, left - 8);
        return finish(a, b, c);
    }

    /** Returns the next word of the key; bytes past its end count as zero. */
    private static int tail(long at, int left) {
        if (left >= Integer.BYTES) {
            return GuestMemory.getInt(at);
        }
        int word = 0;
        for (int i = 0; i < left; i++) {
            word |= (GuestMemory.getByte(at + i) & 0xff) << (8 * i);
        }
        return word;
    }

    private static int finish(int a0, int b0, int c0) {
        int c = (c0 ^ b0) - Integer.rotateLeft(b0, 14);
        int a = (a0 ^ c) - Integer.rotateLeft(c, 11);
        int b = (b0 ^ a) - Integer.rotateLeft(a, 25);
        c = (c ^ b) - Integer.rotateLeft(b, 16);
        a = (a ^ c) - Integer.rotateLeft(c, 4);
        b = (b ^ a) - Integer.rotateLeft(a, 14);
        return (c ^ b) - Integer.rotateLeft(b, 24);
    }
}
