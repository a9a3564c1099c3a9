package dev.spinbpf.vm.soundness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.programs.asm.AssemblyException;
import dev.spinbpf.programs.isa.Insn;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.verifier.domain.Cnum64;
import dev.spinbpf.verifier.domain.ScalarValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The comparison of runs with recorded states notices a state that says too much. */
class RecordedStateTest {
    private static final String SPILLED_RANGE = """
            r8 = *(u32 *)(r1 +8)
            r8 &= 3
            *(u64 *)(r10 -8) = r8
            r8 = 0
            r0 = *(u64 *)(r10 -8)
            exit
            """;

    private static final int RUNS = 200;

    private static List<Insn> program(String body) throws AssemblyException {
        return Assembler.assemble("test.bpfasm", ".program test \"tc\"\n" + body)
                .programs()
                .getFirst()
                .insns();
    }

    /** The first finding of some runs of the program, with all recorded states changed. */
    private static @Nullable String finding(List<Insn> insns, UnaryOperator<RecordedState> change) {
        try (Bench bench = new Bench()) {
            Trial trial = Objects.requireNonNull(Trial.of(bench, insns, change));
            for (int run = 0; run < RUNS; run++) {
                String finding = trial.run(run);
                if (finding != null) {
                    return finding;
                }
            }
            return null;
        }
    }

    private static List<RecordedState> statesAt2(List<Insn> insns, boolean comparesAllScalars) {
        return Objects.requireNonNull(Trial.verify(TrialSubject.of(insns), comparesAllScalars, state -> state))
                .get(2);
    }

    private static UnaryOperator<RecordedState> eachClaim(UnaryOperator<Claim> change) {
        return state -> new RecordedState(
                state.callsites(), state.claims().stream().map(change).toList());
    }

    private static Claim withoutLargest(Claim claim) {
        if (!(claim instanceof Claim.Scalar scalar) || scalar.value().isConst()) {
            return claim;
        }
        ScalarValue value = scalar.value();
        return new Claim.Scalar(scalar.place(), value.withR64(Cnum64.ofUnsigned(value.umin(), value.umax() - 1)));
    }

    @Test
    void shouldNoticeARangeThatIsTooNarrow() throws Exception {
        List<Insn> insns = program(SPILLED_RANGE);
        assertThat(finding(insns, state -> state)).isNull();
        assertThat(finding(insns, eachClaim(RecordedStateTest::withoutLargest)))
                .contains("no recorded state of the exact verification at 2")
                .contains("r8 in (0x0; 0x3) u64 0..2");
    }

    @Test
    void shouldNoticeANarrowRangeInTheStackAlone() throws Exception {
        List<Insn> insns = program(SPILLED_RANGE);
        UnaryOperator<Claim> inStack =
                claim -> claim instanceof Claim.Scalar scalar && scalar.place() instanceof ValuePlace.Stack
                        ? withoutLargest(claim)
                        : claim;
        assertThat(finding(insns, eachClaim(inStack))).contains("at 3").contains("u64 fp-8 in");
    }

    @Test
    void shouldNoticeAPointerElsewhere() throws Exception {
        List<Insn> insns = program("""
                r6 = r1
                r0 = *(u32 *)(r6 +8)
                exit
                """);
        UnaryOperator<Claim> moved = claim -> claim instanceof Claim.Pointer pointer
                ? new Claim.Pointer(pointer.place(), pointer.base(), pointer.number(), ScalarValue.constant(8), false)
                : claim;
        assertThat(finding(insns, state -> state)).isNull();
        assertThat(finding(insns, eachClaim(moved))).contains("at 1").contains("base=CONTEXT");
    }

    @Test
    void shouldNoticeThatNoSingleStateHoldsAll() throws Exception {
        // Two ways, each with its own pair of numbers; the states that mix the pairs are what is recorded instead.
        List<Insn> insns = program("""
                r1 = *(u32 *)(r1 +8)
                r8 = 1
                r9 = 1
                if r1 > 5 goto L
                r8 = 2
                r9 = 2
                L:
                r0 = r8
                r0 += r9
                exit
                """);
        UnaryOperator<Claim> mixed = claim -> claim instanceof Claim.Scalar scalar
                        && scalar.place().equals(new ValuePlace.Register(0, 9))
                        && scalar.value().isConst()
                ? new Claim.Scalar(
                        scalar.place(), ScalarValue.constant(3 - scalar.value().value()))
                : claim;
        assertThat(finding(insns, state -> state)).isNull();
        assertThat(finding(insns, eachClaim(mixed))).contains("r9 in");
    }

    @Test
    void shouldExceptScalarsThatAreNotPrecise() throws Exception {
        List<Insn> insns = program("""
                r8 = *(u32 *)(r1 +8)
                r8 &= 3
                r0 = r8
                exit
                """);
        assertThat(statesAt2(insns, false))
                .allSatisfy(state -> assertThat(state.claims()).isEmpty());
        assertThat(statesAt2(insns, true))
                .allSatisfy(state -> assertThat(state.claims()).isNotEmpty());
    }

    @Test
    void shouldHoldScalarsThatBecamePreciseToTheirRange() throws Exception {
        List<Insn> insns = program("""
                r8 = *(u32 *)(r1 +8)
                r8 &= 3
                r9 = r10
                r9 += -8
                r9 += r8
                r0 = 0
                *(u8 *)(r9 +0) = 1
                exit
                """);
        assertThat(statesAt2(insns, false))
                .allSatisfy(state -> assertThat(state.claims()).hasSize(1));
        assertThat(finding(insns, eachClaim(RecordedStateTest::withoutLargest))).contains("no recorded state at 2");
    }

    @Test
    void shouldShrinkToWhatMatters() {
        List<Insn> insns = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            insns.add(new Insn(Op.MOV64_IMM, 0, 0, 0, i));
        }
        insns.add(2, new Insn(Op.JA, 0, 0, 2, 0));
        List<Insn> smallest = Shrinking.shrink(insns, rest -> rest.stream()
                .anyMatch(insn -> insn.op() == Op.JA && rest.size() > rest.indexOf(insn) + 1 + insn.off()));
        assertThat(smallest).containsExactly(new Insn(Op.JA, 0, 0, 0, 0), new Insn(Op.MOV64_IMM, 0, 0, 0, 4));
    }
}
