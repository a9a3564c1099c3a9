package dev.spinbpf.tools.selftest;

import java.util.List;

/**
 * The judgement of one program.
 *
 * @param file the object's file name
 * @param program the program
 * @param outcome how it was judged
 * @param reason why it failed or was skipped; empty if it passed
 * @param notJudged tags that nothing was said of
 * @param seconds the time that it took
 */
public record TestResult(
        String file, String program, Outcome outcome, String reason, List<String> notJudged, double seconds) {
    /** The same test, judged otherwise. */
    TestResult with(Outcome other, String otherReason) {
        return new TestResult(file, program, other, otherReason, notJudged, seconds);
    }

    /** The outcomes. */
    public enum Outcome {
        PASSED,
        FAILED,
        SKIPPED
    }
}
