package dev.spinbpf.verifier.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.LongBinaryOperator;
import org.junit.jupiter.api.Test;

class TnumTest {
    /** All tnums of four bits. */
    private static List<Tnum> fourBits() {
        List<Tnum> all = new ArrayList<>();
        for (long mask = 0; mask < 16; mask++) {
            for (long value = 0; value < 16; value++) {
                if ((value & mask) == 0) {
                    all.add(new Tnum(value, mask));
                }
            }
        }
        return all;
    }

    private static List<Long> members(Tnum tnum) {
        List<Long> members = new ArrayList<>();
        for (long number = 0; number < 16; number++) {
            if (tnum.contains(number)) {
                members.add(number);
            }
        }
        return members;
    }

    private static void checkAll(BinaryOperator<Tnum> operation, LongBinaryOperator concrete) {
        for (Tnum a : fourBits()) {
            for (Tnum b : fourBits()) {
                checkMembers(a, b, operation.apply(a, b), concrete);
            }
        }
    }

    private static void checkMembers(Tnum a, Tnum b, Tnum result, LongBinaryOperator concrete) {
        assertThat(result.value() & result.mask()).isZero();
        for (long x : members(a)) {
            for (long y : members(b)) {
                assertThat(result.contains(concrete.applyAsLong(x, y)))
                        .as("%s, %s: %s for %d, %d", a, b, result, x, y)
                        .isTrue();
            }
        }
    }

    @Test
    void operationsShouldContainAllResults() {
        checkAll(Tnum::add, (a, b) -> a + b);
        checkAll(Tnum::sub, (a, b) -> a - b);
        checkAll(Tnum::and, (a, b) -> a & b);
        checkAll(Tnum::or, (a, b) -> a | b);
        checkAll(Tnum::xor, (a, b) -> a ^ b);
        checkAll(Tnum::mul, (a, b) -> a * b);
        checkAll(Tnum::union, (a, b) -> a);
        checkAll(Tnum::union, (a, b) -> b);
    }

    @Test
    void relationsShouldBeThoseOfTheMembers() {
        for (Tnum a : fourBits()) {
            for (Tnum b : fourBits()) {
                List<Long> common = new ArrayList<>(members(a));
                common.retainAll(members(b));
                assertThat(a.overlaps(b)).as("%s overlaps %s", a, b).isEqualTo(!common.isEmpty());
                assertThat(a.containsAll(b))
                        .as("%s in %s", b, a)
                        .isEqualTo(members(a).containsAll(members(b)));
                if (!common.isEmpty()) {
                    assertThat(members(a.intersect(b))).isEqualTo(common);
                }
            }
        }
    }

    @Test
    void stepShouldGiveTheNextMember() {
        for (Tnum tnum : fourBits()) {
            for (long bound = 0; bound < 16; bound++) {
                long limit = bound;
                long expected = members(tnum).stream()
                        .mapToLong(member -> member)
                        .filter(member -> member > limit)
                        .findFirst()
                        .orElse(tnum.max());
                assertThat(tnum.step(bound)).as("%s after %d", tnum, bound).isEqualTo(expected);
            }
        }
    }

    @Test
    void rangeShouldContainItsEnds() {
        assertThat(Tnum.range(0, -1)).isEqualTo(Tnum.UNKNOWN);
        assertThat(Tnum.range(4, 7)).isEqualTo(new Tnum(4, 3));
        assertThat(Tnum.range(9, 9)).isEqualTo(Tnum.constant(9));
        assertThat(Tnum.range(Long.MIN_VALUE, -1)).isEqualTo(new Tnum(Long.MIN_VALUE, Long.MAX_VALUE));
    }

    @Test
    void shiftsAndCastsShouldWorkOnBothParts() {
        Tnum tnum = new Tnum(0x8000_0000_8000_0010L, 0x0f);
        assertThat(tnum.subreg()).isEqualTo(new Tnum(0x8000_0010L, 0x0f));
        assertThat(tnum.clearSubreg()).isEqualTo(new Tnum(0x8000_0000_0000_0000L, 0));
        assertThat(tnum.cast(1)).isEqualTo(new Tnum(0x10, 0x0f));
        assertThat(tnum.sar32(4)).isEqualTo(new Tnum(0xf800_0001L, 0));
        assertThat(tnum.byteSwap(16)).isEqualTo(new Tnum(0x1000, 0x0f00));
        assertThat(tnum.isAligned(16)).isFalse();
        assertThat(tnum.isAligned(0)).isTrue();
        assertThat(Tnum.constant(16).isAligned(16)).isTrue();
        assertThat(tnum).hasToString("(0x8000000080000010; 0xf)");
    }
}
