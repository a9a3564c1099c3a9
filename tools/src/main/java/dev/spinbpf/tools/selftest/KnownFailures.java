package dev.spinbpf.tools.selftest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Tests that are known to fail, each with a reason: lines of file, program and reason, with tabs between; {@code #} begins a
 * remark. A test of the list that fails is reported as skipped, one that passes as failed: its line has to go.
 */
public final class KnownFailures {
    private static final int FIELDS = 3;

    private final Map<String, String> reasons = new LinkedHashMap<>();
    private final Set<String> unused = new TreeSet<>();

    private KnownFailures() {}

    /** A list without tests. */
    public static KnownFailures none() {
        return new KnownFailures();
    }

    /**
     * Reads a list.
     *
     * @throws IllegalArgumentException if a line has not three fields, or names a test a second time
     */
    public static KnownFailures parse(String text) {
        var known = new KnownFailures();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] fields = line.split("\t", FIELDS);
            if (fields.length < FIELDS || fields[FIELDS - 1].isBlank()) {
                throw new IllegalArgumentException(
                        "line " + number + ": not a file, a program and a reason, with tabs between");
            }
            String test = key(fields[0], fields[1]);
            if (known.reasons.put(test, fields[FIELDS - 1].strip()) != null) {
                throw new IllegalArgumentException("line " + number + ": " + test + " is there already");
            }
        }
        known.unused.addAll(known.reasons.keySet());
        return known;
    }

    private static String key(String file, String program) {
        return file + ": " + program;
    }

    /** Returns the result as it is reported. */
    public TestResult applied(TestResult result) {
        String test = key(result.file(), result.program());
        String reason = reasons.get(test);
        unused.remove(test);
        if (reason == null) {
            return result;
        }
        return switch (result.outcome()) {
            case FAILED -> result.with(TestResult.Outcome.SKIPPED, "known to fail, as " + reason);
            case PASSED -> result.with(TestResult.Outcome.FAILED, "passes, but is known to fail, as " + reason);
            case SKIPPED -> result;
        };
    }

    /** Returns the tests of the list that no result was of, in order. */
    public Set<String> unused() {
        return unused;
    }
}
