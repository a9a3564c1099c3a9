package dev.spinbpf.verifier.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.domain.ScalarAlu;
import dev.spinbpf.verifier.domain.ScalarBranch;
import dev.spinbpf.verifier.domain.ScalarValue;
import org.junit.jupiter.api.Test;

/** The expected texts are what Linux 7.2 prints. */
class NumbersTest {
    private static String text(ScalarValue value) {
        StringBuilder out = new StringBuilder();
        String separator = Numbers.appendRanges(out, value, "");
        if (!value.varOff().isUnknown()) {
            out.append(separator).append("var_off=").append(Numbers.bits(value.varOff()));
        }
        return out.toString();
    }

    private static ScalarValue alu(Op op, ScalarValue value, long operand) {
        return ScalarAlu.apply(op, value, ScalarValue.constant(operand));
    }

    @Test
    void shouldJoinEqualBounds() {
        assertThat(text(alu(Op.AND64_IMM, ScalarValue.unknown(), 3)))
                .isEqualTo("smin=smin32=0,smax=umax=smax32=umax32=3,var_off=(0x0; 0x3)");
        assertThat(text(ScalarValue.unsignedBounded(4)))
                .isEqualTo("smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff)");
        assertThat(text(alu(Op.ARSH64_IMM, ScalarValue.unknown(), 32)))
                .isEqualTo("smin=0xffffffff80000000,smax=0x7fffffff");
        assertThat(text(ScalarValue.unknown())).isEmpty();
    }

    @Test
    void shouldKeepNegativeAndPositiveBoundsApart() {
        assertThat(text(alu(Op.ARSH64_IMM, ScalarValue.unknown(), 58))).isEqualTo("smin=smin32=-32,smax=smax32=31");
        assertThat(text(alu(Op.OR64_IMM, ScalarValue.unknown(), 1L << 40)))
                .isEqualTo("umin=0x10000000000,var_off=(0x10000000000; 0xfffffeffffffffff)");
    }

    @Test
    void shouldPrintWhatBranchesTeach() {
        ScalarValue low = alu(Op.NEG64, ScalarValue.unsignedBounded(4), 0);
        ScalarBranch.Outcome outcome =
                ScalarBranch.decide(Op.Cond.JSGE, false, low, ScalarValue.constant(0x103), false);
        assertThat(outcome.taken()).isEqualTo(ScalarBranch.Taken.UNKNOWN);
        assertThat(text(low)).isEqualTo("smin=0xffffffff00000001,smax=0");
        assertThat(text(outcome.onTrue().dst())).contains("smin32=umin32=259,umax32=0x7fffffff");
    }
}
