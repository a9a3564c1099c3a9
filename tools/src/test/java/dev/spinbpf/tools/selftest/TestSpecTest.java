package dev.spinbpf.tools.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The tags of tests: what they expect, and the comparison with a log. */
class TestSpecTest {
    @Test
    void shouldReadTagsInTheOrderOfTheirNumbers() {
        TestSpec spec = spec(
                "comment:2:test_expect_msg=second", "comment:0:test_expect_failure", "comment:1:test_expect_msg=first");
        assertThat(spec.expectsFailure()).isTrue();
        assertThat(spec.messages()).extracting(TestSpec.Expected::text).containsExactly("first", "second");
    }

    @Test
    void shouldSkipWhatIsForOthers() {
        assertThat(spec("comment:0:test_arch=ARM64", "comment:1:test_expect_success")
                        .skipped())
                .contains("ARM64");
        assertThat(spec("comment:0:test_expect_success_unpriv").skipped()).contains("capabilities");
        assertThat(spec("comment:test_auxiliary").skipped()).contains("other programs");
        assertThat(spec("comment:0:test_arch=X86_64", "comment:1:test_expect_success")
                        .skipped())
                .isNull();
    }

    @Test
    void shouldNameTagsThatAreNotJudged() {
        assertThat(spec("comment:0:test_expect_success", "comment:1:test_jited=ret")
                        .notJudged())
                .containsExactly("test_jited");
    }

    @Test
    void shouldTakeFlagsThatChangeTheVerification() {
        TestSpec spec = spec(
                "comment:0:test_expect_success",
                "comment:1:test_prog_flags=BPF_F_ANY_ALIGNMENT",
                "comment:2:test_prog_flags=BPF_F_TEST_STATE_FREQ",
                "comment:3:test_prog_flags=!BPF_F_TEST_REG_INVARIANTS",
                "comment:4:test_prog_flags=BPF_F_XDP_HAS_FRAGS");
        assertThat(spec.flags()).containsExactly("BPF_F_TEST_STATE_FREQ");
        assertThat(spec.notJudged()).containsExactly("test_prog_flags=BPF_F_XDP_HAS_FRAGS");
    }

    @Test
    void shouldWantTextsInOrder() {
        List<TestSpec.Expected> messages = List.of(wanted("a"), wanted("b"));
        assertThat(ExpectedText.problem("xaxbx", messages)).isNull();
        assertThat(ExpectedText.problem("xbxax", messages)).isEqualTo("the log lacks \"b\"");
    }

    @Test
    void shouldRefuseUnwantedTextsBetweenTheirNeighbours() {
        List<TestSpec.Expected> messages = List.of(wanted("a"), new TestSpec.Expected("no", true), wanted("b"));
        assertThat(ExpectedText.problem("no a b no", messages)).isNull();
        assertThat(ExpectedText.problem("a no b", messages)).contains("must not be there");
    }

    @Test
    void shouldTakeExpressionsInBraces() {
        List<TestSpec.Expected> messages = List.of(wanted("R{{[0-9]+}} (x)"));
        assertThat(ExpectedText.problem("R12 (x)", messages)).isNull();
        assertThat(ExpectedText.problem("Rx (x)", messages)).isNotNull();
    }

    @Test
    void shouldTakeAnchorsAsEndsOfLines() {
        assertThat(ExpectedText.problem("use: fp0-8\nmore", List.of(wanted("fp0-8{{$}}"))))
                .isNull();
        assertThat(ExpectedText.problem("use: fp0-80\nmore", List.of(wanted("fp0-8{{$}}"))))
                .isNotNull();
    }

    private static TestSpec.Expected wanted(String text) {
        return new TestSpec.Expected(text, false);
    }

    private static TestSpec spec(String... tags) {
        List<BtfType> types = new ArrayList<>(List.of(
                new BtfType.Void(),
                new BtfType.FuncProto(0, List.of()),
                new BtfType.Func("f", 1, BtfType.Linkage.GLOBAL)));
        for (String tag : tags) {
            types.add(new BtfType.DeclTag(tag, 2, -1));
        }
        return TestSpec.of(new Btf(types), "f");
    }
}
