package dev.spinbpf.tools.selftest;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The results of a run of tests in the forms that people and programs read. */
public final class TestReport {
    private TestReport() {}

    /** A line for people. */
    public static String line(TestResult result) {
        String word =
                switch (result.outcome()) {
                    case PASSED -> "ok    ";
                    case FAILED -> "FAIL  ";
                    case SKIPPED -> "skip  ";
                };
        String reason = result.reason().isEmpty() ? "" : ": " + oneLine(result.reason());
        return word + oneLine(result.file() + ": " + result.program()) + reason + notJudged(result);
    }

    private static String notJudged(TestResult result) {
        return result.notJudged().isEmpty() || result.outcome() == TestResult.Outcome.SKIPPED
                ? ""
                : " (not judged: " + String.join(", ", result.notJudged()) + ")";
    }

    /** The last line for people. */
    public static String summary(List<TestResult> results) {
        return count(results, TestResult.Outcome.PASSED) + " passed, " + count(results, TestResult.Outcome.FAILED)
                + " failed, " + count(results, TestResult.Outcome.SKIPPED) + " skipped";
    }

    private static long count(List<TestResult> results, TestResult.Outcome outcome) {
        return results.stream().filter(result -> result.outcome() == outcome).count();
    }

    /** A line of the Test Anything Protocol, version 13. */
    public static String tap(TestResult result, int number) {
        String name = oneLine(result.file() + ": " + result.program()).replace("#", "\\#");
        return switch (result.outcome()) {
            case PASSED -> "ok " + number + " - " + name;
            case SKIPPED -> "ok " + number + " - " + name + " # SKIP " + oneLine(result.reason());
            case FAILED -> "not ok " + number + " - " + name + "\n# " + oneLine(result.reason());
        };
    }

    /** JUnit's XML: a suite for each file. */
    public static String junit(List<TestResult> results) {
        StringBuilder xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
        results.stream()
                .collect(Collectors.groupingBy(TestResult::file, java.util.LinkedHashMap::new, Collectors.toList()))
                .forEach((file, ofFile) -> suite(xml, file, ofFile));
        return xml.append("</testsuites>\n").toString();
    }

    private static void suite(StringBuilder xml, String file, List<TestResult> results) {
        xml.append(String.format(
                Locale.ROOT,
                "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n",
                escaped(file),
                results.size(),
                count(results, TestResult.Outcome.FAILED),
                count(results, TestResult.Outcome.SKIPPED)));
        for (TestResult result : results) {
            xml.append(String.format(
                    Locale.ROOT,
                    "    <testcase classname=\"%s\" name=\"%s\" time=\"%.3f\">",
                    escaped(file),
                    escaped(result.program()),
                    result.seconds()));
            switch (result.outcome()) {
                case PASSED -> {}
                case FAILED ->
                    xml.append("<failure message=\"")
                            .append(escaped(result.reason()))
                            .append("\"/>");
                case SKIPPED ->
                    xml.append("<skipped message=\"")
                            .append(escaped(result.reason()))
                            .append("\"/>");
            }
            xml.append("</testcase>\n");
        }
        xml.append("  </testsuite>\n");
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }

    private static String escaped(String text) {
        return oneLine(text)
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
