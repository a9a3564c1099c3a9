package dev.spinbpf.tools.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The forms of reports of tests. */
class TestReportTest {
    private static final TestResult GOOD = result("good", TestResult.Outcome.PASSED, "");
    private static final TestResult BAD = result("bad", TestResult.Outcome.FAILED, "returns <1> & \"2\"\nmore");
    private static final TestResult LEFT = result("left", TestResult.Outcome.SKIPPED, "for ARM64");

    @Test
    void shouldPrintTheTestAnythingProtocol() {
        assertThat(TestReport.tap(GOOD, 1)).isEqualTo("ok 1 - x.bpf.o: good");
        assertThat(TestReport.tap(BAD, 2)).isEqualTo("not ok 2 - x.bpf.o: bad\n# returns <1> & \"2\" more");
        assertThat(TestReport.tap(LEFT, 3)).isEqualTo("ok 3 - x.bpf.o: left # SKIP for ARM64");
    }

    @Test
    void shouldWriteXmlOfJunit() {
        assertThat(TestReport.junit(List.of(GOOD, BAD, LEFT)))
                .contains("<testsuite name=\"x.bpf.o\" tests=\"3\" failures=\"1\" skipped=\"1\">")
                .contains("<failure message=\"returns &lt;1&gt; &amp; &quot;2&quot; more\"/>")
                .contains("<skipped message=\"for ARM64\"/>");
    }

    @Test
    void shouldPrintALineForPeople() {
        assertThat(TestReport.line(BAD)).isEqualTo("FAIL  x.bpf.o: bad: returns <1> & \"2\" more");
        assertThat(TestReport.summary(List.of(GOOD, BAD, LEFT))).isEqualTo("1 passed, 1 failed, 1 skipped");
    }

    private static TestResult result(String program, TestResult.Outcome outcome, String reason) {
        return new TestResult("x.bpf.o", program, outcome, reason, List.of(), 0.5);
    }
}
