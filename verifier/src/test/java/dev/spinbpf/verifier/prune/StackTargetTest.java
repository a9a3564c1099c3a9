package dev.spinbpf.verifier.prune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.verifier.prune.StackTarget.Anywhere;
import dev.spinbpf.verifier.prune.StackTarget.Places;
import dev.spinbpf.verifier.prune.StackTarget.SomeFrame;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StackTargetTest {
    private static final int RUNS = 50_000;
    private final StackTarget low = StackTarget.at(0, -16);
    private final StackTarget high = StackTarget.at(0, -8);

    private static StackTarget places(int frame, int... offsets) {
        return IntStream.of(offsets)
                .mapToObj(offset -> StackTarget.at(frame, offset))
                .reduce(StackTarget.Unreached.INSTANCE, StackTarget::join);
    }

    @Test
    void shouldCollectUpToFourOffsetsOfOneFrame() {
        StackTarget both = low.join(high);
        assertThat(both).isInstanceOfSatisfying(Places.class, places -> {
            assertThat(places.frame()).isZero();
            assertThat(places.count()).isEqualTo(2);
            assertThat(places.offset(0)).isEqualTo(-16);
        });
        StackTarget four = places(0, -8, -32, -16, -24);
        assertThat(four).isEqualTo(places(0, -32, -24, -16, -8)).isInstanceOf(Places.class);
        assertThat(four.join(StackTarget.at(0, -40))).isEqualTo(new Anywhere(0));
    }

    @Test
    void shouldForgetTheOffsetWhereFramesMeet() {
        StackTarget mixed = low.join(StackTarget.at(2, -8));
        assertThat(mixed).isEqualTo(new SomeFrame(0b101));
        assertThat(mixed.mayBeIn(2)).isTrue();
        assertThat(mixed.mayBeIn(1)).isFalse();
        assertThat(new SomeFrame(1).join(low)).isEqualTo(new SomeFrame(1));
    }

    @Test
    void shouldNotBeASinglePlaceWhereItMayPointElsewhere() {
        assertThat(low.join(StackTarget.Elsewhere.INSTANCE)).isEqualTo(places(0, -16, 0));
        assertThat(StackTarget.Elsewhere.INSTANCE.join(low)).isEqualTo(places(0, -16, 0));
        StackTarget several = places(0, -16, -8);
        assertThat(several.join(StackTarget.Elsewhere.INSTANCE)).isEqualTo(several);
        assertThat(StackTarget.Elsewhere.INSTANCE.join(new Anywhere(3))).isEqualTo(new Anywhere(3));
    }

    @Test
    void shouldMoveByConstantsThatFit() {
        assertThat(high.plus(-8)).isEqualTo(low);
        assertThat(high.plus(1 << 20)).isEqualTo(new Anywhere(0));
        assertThat(high.plus(Short.MIN_VALUE)).isEqualTo(new Anywhere(0));
        assertThat(StackTarget.Elsewhere.INSTANCE.plus(8)).isEqualTo(StackTarget.Elsewhere.INSTANCE);
    }

    @Test
    void shouldKeepTheFrameInOtherArithmetic() {
        assertThat(high.combined(StackTarget.Elsewhere.INSTANCE)).isEqualTo(new Anywhere(0));
        assertThat(StackTarget.Elsewhere.INSTANCE.combined(high)).isEqualTo(new Anywhere(0));
        assertThat(StackTarget.Elsewhere.INSTANCE.combined(StackTarget.Elsewhere.INSTANCE))
                .isEqualTo(StackTarget.Elsewhere.INSTANCE);
        assertThat(low.combined(high)).isEqualTo(new Anywhere(0));
        assertThat(low.combined(StackTarget.at(1, 0))).isEqualTo(new SomeFrame(0b11));
        assertThat(low.blurred()).isEqualTo(new Anywhere(0));
    }

    private static StackTarget randomStack(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> StackTarget.Unreached.INSTANCE;
            case 1 -> new Anywhere(random.nextInt(3));
            case 2 -> new SomeFrame(random.nextInt(1, 8));
            default -> {
                int frame = random.nextInt(3);
                yield places(
                        frame,
                        random.ints(random.nextInt(1, 5), -6, 1)
                                .map(slot -> slot * 8)
                                .toArray());
            }
        };
    }

    private static StackTarget random(SplittableRandom random) {
        return random.nextInt(6) == 0 ? StackTarget.Elsewhere.INSTANCE : randomStack(random);
    }

    /** True if the second value covers the first. */
    private static boolean isBelow(StackTarget a, StackTarget b) {
        return a.join(b).equals(b);
    }

    @Test
    void joinShouldCommuteAndAddNothingTwice() {
        for (int seed = 0; seed < RUNS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StackTarget a = random(random);
            StackTarget b = random(random);
            StackTarget joined = a.join(b);
            assertThat(joined).as("seed %d: %s, %s", seed, a, b).isEqualTo(b.join(a));
            assertThat(a.join(a)).as("seed %d: %s", seed, a).isEqualTo(a);
            assertThat(joined.join(a)).as("seed %d: %s, %s", seed, a, b).isEqualTo(joined);
            assertThat(joined.join(b)).as("seed %d: %s, %s", seed, a, b).isEqualTo(joined);
            assertThat(joined.frames()).as("seed %d", seed).isEqualTo(a.frames() | b.frames());
        }
    }

    @Test
    void joinShouldNotDependOnTheOrderOfPointersIntoStacks() {
        for (int seed = 0; seed < RUNS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StackTarget a = randomStack(random);
            StackTarget b = randomStack(random);
            StackTarget c = randomStack(random);
            assertThat(a.join(b).join(c))
                    .as("seed %d: %s, %s, %s", seed, a, b, c)
                    .isEqualTo(a.join(b.join(c)));
        }
    }

    @Test
    void arithmeticShouldKeepTheOrderOfPointersIntoStacks() {
        for (int seed = 0; seed < RUNS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StackTarget a = randomStack(random);
            StackTarget above = a.join(randomStack(random));
            StackTarget operand = random(random);
            long distance = random.nextInt(-5000, 5000) * 8L;
            String message = "seed %d: %s, %s".formatted(seed, a, above);
            assertThat(isBelow(a, above)).as(message).isTrue();
            assertThat(isBelow(a.plus(distance), above.plus(distance)))
                    .as(message)
                    .isTrue();
            assertThat(isBelow(a.blurred(), above.blurred())).as(message).isTrue();
            if (a.isStack() && operand.isStack()) {
                assertThat(isBelow(a.combined(operand), above.combined(operand)))
                        .as(message)
                        .isTrue();
            }
        }
    }
}
