package dev.spinbpf.verifier.domain;

import java.util.SplittableRandom;

/** Random numbers that favour the edges of ranges, and random abstract values that contain a given number. */
final class ScalarSamples {
    private static final long[] EDGES = {
        0,
        1,
        2,
        -1,
        -2,
        7,
        8,
        31,
        32,
        63,
        64,
        127,
        128,
        255,
        256,
        0x7fff,
        0x8000,
        0xffff,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0x8000_0000L,
        0xffff_ffffL,
        0x1_0000_0000L,
        0x7fff_ffff_0000_0000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE
    };

    private final SplittableRandom random;

    ScalarSamples(long seed) {
        random = new SplittableRandom(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    long number() {
        return switch (random.nextInt(5)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)];
            case 1 -> EDGES[random.nextInt(EDGES.length)] + random.nextInt(-4, 5);
            case 2 -> random.nextLong() >> random.nextInt(64);
            case 3 -> random.nextLong() >>> random.nextInt(64);
            default -> random.nextLong();
        };
    }

    Tnum tnumWith(long member) {
        long sparse = random.nextLong();
        long mask =
                switch (random.nextInt(4)) {
                    case 0 -> 0;
                    case 1 -> -1;
                    case 2 -> number();
                    default -> sparse & random.nextLong();
                };
        return new Tnum(member & ~mask, mask);
    }

    Cnum64 range64With(long member) {
        return switch (random.nextInt(6)) {
            case 0 -> Cnum64.constant(member);
            case 1 -> Cnum64.UNBOUNDED;
            default -> arcWith(member);
        };
    }

    private Cnum64 arcWith(long member) {
        long size = number();
        long before = size == 0 ? 0 : Long.remainderUnsigned(random.nextLong(), size);
        Cnum64 arc = new Cnum64(member - before, size);
        return size == -1 ? Cnum64.UNBOUNDED : arc;
    }

    Cnum32 range32With(int member) {
        if (random.nextInt(3) == 0) {
            return Cnum32.UNBOUNDED;
        }
        int size = (int) number();
        int before = size == 0 ? 0 : Integer.remainderUnsigned(random.nextInt(), size);
        return size == -1 ? Cnum32.UNBOUNDED : new Cnum32(member - before, size);
    }

    ScalarValue scalarWith(long member) {
        ScalarValue value = new ScalarValue(tnumWith(member), range64With(member), range32With((int) member));
        return random.nextInt(4) == 0 ? value : value.synced();
    }
}
