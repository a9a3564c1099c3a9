package dev.spinbpf.vm.soundness;

import java.util.SplittableRandom;

/**
 * Random numbers that favour the edges of ranges. The edges are those of ScalarSamples in the verifier's tests, which
 * other modules do not see.
 */
final class RandomNumbers {
    // Those of ScalarSamples, which tests the verifier's numbers alone; this module does not see it.
    private static final long[] EDGES = {
        0,
        1,
        2,
        7,
        8,
        15,
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

    RandomNumbers(long seed) {
        random = new SplittableRandom(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /** True once in {@code times} calls, on average. */
    boolean once(int times) {
        return random.nextInt(times) == 0;
    }

    @SafeVarargs
    final <T> T oneOf(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    long seed() {
        return random.nextLong();
    }

    /** A number that has about one bit in four. */
    long fewBits() {
        long bits = random.nextLong();
        return bits & random.nextLong();
    }

    long number() {
        return switch (random.nextInt(6)) {
            case 0 -> EDGES[random.nextInt(EDGES.length)] * (once(2) ? 1 : -1);
            case 1 -> EDGES[random.nextInt(EDGES.length)] + random.nextInt(-3, 4);
            case 2 -> random.nextInt(-4, 20);
            case 3 -> random.nextLong() >> random.nextInt(64);
            case 4 -> random.nextLong() >>> random.nextInt(64);
            default -> random.nextLong();
        };
    }

    /** A number that fits into an immediate. */
    int immediate() {
        return once(3) ? random.nextInt(-2, 70) : (int) number();
    }
}
