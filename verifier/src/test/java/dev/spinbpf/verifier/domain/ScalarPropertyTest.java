package dev.spinbpf.verifier.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.programs.isa.Op;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every abstract operation contains every concrete result, and no branch that can be taken is ruled out. */
class ScalarPropertyTest {
    private static final int ROUNDS = 20_000;
    private static final Set<Op.Kind> ARITHMETIC =
            EnumSet.of(Op.Kind.ALU, Op.Kind.MOVSX, Op.Kind.NEG, Op.Kind.BYTE_SWAP);

    interface Abstract {
        ScalarValue apply(Op op, ScalarValue dst, ScalarValue src);
    }

    static Stream<Op> arithmetic() {
        return Arrays.stream(Op.values()).filter(op -> ARITHMETIC.contains(op.kind()));
    }

    @ParameterizedTest
    @MethodSource("arithmetic")
    void arithmeticShouldContainEveryConcreteResult(Op op) {
        check(op, ScalarAlu::apply, ROUNDS);
    }

    @Test
    void shouldCatchABrokenOperation() {
        Abstract broken = (op, dst, src) -> {
            ScalarValue sum = ScalarAlu.apply(op, dst, src);
            return sum.withR64(Cnum64.ofUnsigned(sum.umin(), sum.umax() - 1));
        };
        assertThatThrownBy(() -> check(Op.ADD64_REG, broken, ROUNDS)).isInstanceOf(AssertionError.class);
    }

    private static void check(Op op, Abstract operation, int rounds) {
        long seed = 0x5eedL + op.ordinal();
        ScalarSamples samples = new ScalarSamples(seed);
        for (int round = 0; round < rounds; round++) {
            long dst = samples.number();
            long src = isShift(op) ? samples.below(op.width()) : samples.number();
            boolean knownSrc = samples.below(2) == 0 || isShift(op);
            ScalarValue a = samples.scalarWith(dst);
            ScalarValue b = knownSrc ? ScalarValue.constant(src) : samples.scalarWith(src);
            ScalarValue result = operation.apply(op, a, b);
            long expected = Concrete.apply(op, dst, src);
            assertThat(result.contains(expected))
                    .as(
                            "seed %#x round %d: %s(%#x in %s, %#x in %s) = %#x in %s",
                            seed, round, op, dst, a, src, b, expected, result)
                    .isTrue();
        }
    }

    private static boolean isShift(Op op) {
        return op.kind() == Op.Kind.ALU
                && switch (op.alu()) {
                    case LSH, RSH, ARSH -> true;
                    default -> false;
                };
    }

    @ParameterizedTest
    @EnumSource(Op.Cond.class)
    void branchesShouldNotLoseATakenWay(Op.Cond cond) {
        long seed = 0xb0aL + cond.ordinal();
        ScalarSamples samples = new ScalarSamples(seed);
        for (int round = 0; round < ROUNDS * 2; round++) {
            long dst = samples.number();
            long src = samples.below(3) == 0 ? dst : samples.number();
            boolean is64 = samples.below(2) == 0;
            ScalarValue a = samples.scalarWith(dst);
            ScalarValue b = samples.below(2) == 0 ? ScalarValue.constant(src) : samples.scalarWith(src);
            boolean holds = Concrete.holds(cond, is64, dst, src);
            ScalarBranch.Outcome outcome = ScalarBranch.decide(cond, is64, a, b, false);
            String as = "seed %#x round %d: %#x in %s %s%d %#x in %s: %s"
                    .formatted(seed, round, dst, a, cond, is64 ? 64 : 32, src, b, outcome);
            assertThat(outcome.taken())
                    .as(as)
                    .isNotEqualTo(holds ? ScalarBranch.Taken.NEVER : ScalarBranch.Taken.ALWAYS);
            ScalarBranch.Pair refined =
                    holds ? ScalarBranch.refineTrue(cond, is64, a, b) : ScalarBranch.refineFalse(cond, is64, a, b);
            assertThat(refined.dst().contains(dst)).as(as).isTrue();
            assertThat(refined.src().contains(src)).as(as).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(Op.Cond.class)
    void aRegisterComparedWithItselfShouldGoTheWayItsNumbersGo(Op.Cond cond) {
        ScalarSamples samples = new ScalarSamples(0x1fL + cond.ordinal());
        for (int round = 0; round < ROUNDS; round++) {
            long number = samples.number();
            boolean is64 = samples.below(2) == 0;
            ScalarValue value = samples.scalarWith(number);
            boolean holds = Concrete.holds(cond, is64, number, number);
            assertThat(ScalarBranch.decide(cond, is64, value, value, true).taken())
                    .as("%s %s of %#x", cond, value, number)
                    .isNotEqualTo(holds ? ScalarBranch.Taken.NEVER : ScalarBranch.Taken.ALWAYS);
        }
    }

    @Test
    void forksShouldCoverTheNumber() {
        ScalarValue sign = ScalarAlu.apply(Op.ARSH64_IMM, ScalarValue.unknown(), ScalarValue.constant(63));
        ScalarValue lowerSign = ScalarAlu.apply(Op.ARSH32_IMM, ScalarValue.unknown(), ScalarValue.constant(31));
        ScalarSamples samples = new ScalarSamples(77);
        for (int round = 0; round < 100; round++) {
            long operand = samples.number();
            for (Op op : new Op[] {Op.AND64_IMM, Op.OR64_IMM}) {
                assertForkCovers(op, sign, 0, operand);
                assertForkCovers(op, sign, -1, operand);
                assertForkCovers(op, lowerSign, 0, operand);
                assertForkCovers(op, lowerSign, 0xffff_ffffL, operand);
            }
        }
        assertThat(ScalarAlu.fork(Op.AND64_REG, sign, ScalarValue.unknown())).isNull();
        assertThat(ScalarAlu.fork(Op.ADD64_IMM, sign, ScalarValue.constant(1))).isNull();
    }

    /** Exactly one way of the fork has the number, and from there the operation leads to its result. */
    private static void assertForkCovers(Op op, ScalarValue value, long number, long operand) {
        ScalarValue source = ScalarValue.constant(operand);
        ScalarAlu.Fork fork = Objects.requireNonNull(ScalarAlu.fork(op, value, source), () -> op + " of " + value);
        String as = "%s of %#x in %s and %#x: %s".formatted(op, number, value, operand, fork);
        boolean here = fork.here().contains(number);
        assertThat(fork.other().contains(number)).as(as).isEqualTo(!here);
        ScalarValue way = here ? fork.here() : fork.other();
        long result = op == Op.AND64_IMM ? number & operand : number | operand;
        assertThat(ScalarAlu.apply(op, way, source).contains(result)).as(as).isTrue();
    }

    @Test
    void conversionsShouldKeepTheNumber() {
        long seed = 0xc0;
        ScalarSamples samples = new ScalarSamples(seed);
        for (int round = 0; round < ROUNDS * 3; round++) {
            long number = samples.number();
            ScalarValue value = samples.scalarWith(number);
            assertThat(value.synced().contains(number))
                    .as("sync %s of %#x", value, number)
                    .isTrue();
            ScalarValue other = samples.scalarWith(number);
            assertThat(value.intersect(other).contains(number))
                    .as("%s and %s of %#x", value, other, number)
                    .isTrue();
            assertThat(value.zext32().contains(number & 0xffff_ffffL))
                    .as("zext %s", value)
                    .isTrue();
            for (int size : new int[] {1, 2, 4}) {
                int unused = 64 - size * 8;
                assertThat(value.truncate(size).contains(number << unused >>> unused))
                        .as("truncate %s to %d for %#x", value, size, number)
                        .isTrue();
                assertThat(value.signExtend(size).contains(number << unused >> unused))
                        .as("extend %s from %d for %#x", value, size, number)
                        .isTrue();
            }
        }
    }

    @Test
    void containingAllShouldMeanContainingEach() {
        ScalarSamples samples = new ScalarSamples(0xa11);
        for (int round = 0; round < ROUNDS * 3; round++) {
            long number = samples.number();
            ScalarValue small = samples.scalarWith(number);
            ScalarValue large = samples.scalarWith(samples.below(2) == 0 ? number : samples.number());
            if (large.containsAll(small)) {
                assertThat(large.contains(number)).as("%s in %s", small, large).isTrue();
            }
            assertThat(small.containsAll(small)).isTrue();
            assertThat(ScalarValue.unknown().containsAll(small)).isTrue();
        }
    }
}
