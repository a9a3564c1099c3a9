package dev.spinbpf.verifier.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CnumTest {
    private static final int ROUNDS = 200_000;

    @Test
    void arcsShouldBeUnsignedAndSignedRanges() {
        Cnum32 around = Cnum32.ofSigned(-1, 1);
        assertThat(around.umin()).isZero();
        assertThat(around.umax()).isEqualTo(-1);
        assertThat(around.smin()).isEqualTo(-1);
        assertThat(around.smax()).isEqualTo(1);
        assertThat(around.contains(2)).isFalse();
        Cnum64 opposite = Cnum64.ofUnsigned(Long.MAX_VALUE, Long.MIN_VALUE);
        assertThat(opposite.umin()).isEqualTo(Long.MAX_VALUE);
        assertThat(opposite.smin()).isEqualTo(Long.MIN_VALUE);
        assertThat(opposite.smax()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void fullCirclesShouldNotBeEmpty() {
        assertThat(Cnum64.ofSigned(Long.MIN_VALUE, Long.MAX_VALUE)).isEqualTo(Cnum64.UNBOUNDED);
        Cnum64 half = Cnum64.ofUnsigned(-1, Long.MAX_VALUE);
        Cnum64 sum = half.add(Cnum64.ofUnsigned(0, Long.MAX_VALUE));
        assertThat(sum.isEmpty()).isFalse();
        assertThat(sum.contains(12)).isTrue();
        assertThat(Cnum64.EMPTY.contains(-1)).isFalse();
        assertThat(Cnum64.EMPTY.intersect(half).isEmpty()).isTrue();
    }

    @Test
    void intersectionShouldContainCommonMembers() {
        ScalarSamples samples = new ScalarSamples(64);
        for (int round = 0; round < ROUNDS; round++) {
            long member = samples.number();
            Cnum64 a = samples.range64With(member);
            Cnum64 b = samples.range64With(member);
            assertThat(a.intersect(b).contains(member))
                    .as("%s %s %#x", a, b, member)
                    .isTrue();
            Cnum32 lower = samples.range32With((int) member);
            Cnum64 fitting = a.intersectLowerHalves(lower);
            assertThat(fitting.contains(member))
                    .as("%s %s %#x", a, lower, member)
                    .isTrue();
            assertThat(a.containsAll(fitting)).as("%s in %s", fitting, a).isTrue();
        }
    }

    @Test
    void apartArcsShouldHaveNoCommonMember() {
        ScalarSamples samples = new ScalarSamples(65);
        int apart = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long member = samples.number();
            Cnum64 a = samples.range64With(member);
            Cnum64 b = samples.range64With(samples.number());
            if (a.intersect(b).isEmpty()) {
                apart++;
                assertThat(b.contains(member)).as("%s %s %#x", a, b, member).isFalse();
            }
        }
        assertThat(apart).isGreaterThan(ROUNDS / 10);
    }

    @Test
    void sumsShouldContainSums() {
        ScalarSamples samples = new ScalarSamples(66);
        for (int round = 0; round < ROUNDS; round++) {
            long x = samples.number();
            long y = samples.number();
            Cnum64 a = samples.range64With(x);
            Cnum64 b = samples.range64With(y);
            assertThat(a.add(b).contains(x + y)).as("%s + %s", a, b).isTrue();
            assertThat(a.sub(b).contains(x - y)).as("%s - %s", a, b).isTrue();
            Cnum32 low = samples.range32With((int) x);
            Cnum32 high = samples.range32With((int) y);
            assertThat(low.add(high).contains((int) (x + y)))
                    .as("%s + %s", low, high)
                    .isTrue();
            assertThat(low.sub(high).contains((int) (x - y)))
                    .as("%s - %s", low, high)
                    .isTrue();
            assertThat(Cnum32.ofLowerHalves(a).contains((int) x))
                    .as("low %s", a)
                    .isTrue();
        }
    }

    @Test
    void boundsOfATnumShouldContainItsMembers() {
        ScalarSamples samples = new ScalarSamples(67);
        for (int round = 0; round < ROUNDS; round++) {
            long member = samples.number();
            Tnum tnum = samples.tnumWith(member);
            assertThat(Cnum64.of(tnum).contains(member)).as("%s", tnum).isTrue();
            assertThat(Cnum32.of(tnum).contains((int) member)).as("%s", tnum).isTrue();
        }
    }
}
