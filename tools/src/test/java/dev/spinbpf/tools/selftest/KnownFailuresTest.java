package dev.spinbpf.tools.selftest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.spinbpf.tools.selftest.TestResult.Outcome;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnownFailuresTest {
    private static final String LIST = "# why\n\na.bpf.o\tone\tmaps are filled\nb.bpf.o\ttwo\tno module\n";

    @Test
    void shouldSkipWhatIsKnownToFail() {
        TestResult result = KnownFailures.parse(LIST).applied(result("a.bpf.o", "one", Outcome.FAILED));
        assertThat(result.outcome()).isEqualTo(Outcome.SKIPPED);
        assertThat(result.reason()).isEqualTo("known to fail, as maps are filled");
    }

    @Test
    void shouldFailWhatPassesAfterAll() {
        TestResult result = KnownFailures.parse(LIST).applied(result("a.bpf.o", "one", Outcome.PASSED));
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        assertThat(result.reason()).contains("passes, but is known to fail");
    }

    @Test
    void shouldLeaveOthersAlone() {
        KnownFailures known = KnownFailures.parse(LIST);
        TestResult other = result("b.bpf.o", "one", Outcome.FAILED);
        assertThat(known.applied(other)).isSameAs(other);
        assertThat(known.unused()).containsExactly("a.bpf.o: one", "b.bpf.o: two");
    }

    @Test
    void shouldRefuseLinesThatSayTooLittle() {
        assertThatThrownBy(() -> KnownFailures.parse("a.bpf.o\tone\n")).hasMessageContaining("line 1: not a file");
        assertThatThrownBy(() -> KnownFailures.parse(LIST + "a.bpf.o\tone\tagain\n"))
                .hasMessageContaining("line 5: a.bpf.o: one is there already");
    }

    private static TestResult result(String file, String program, Outcome outcome) {
        return new TestResult(file, program, outcome, "", List.of(), 0);
    }
}
