package dev.spinbpf.tools.selftest;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Compares a log with what is expected in it: each wanted text has to follow the one before, and an unwanted one must not be between
 * its neighbours. In a text, what stands between double braces is a regular expression.
 */
final class ExpectedText {
    private static final Pattern BRACES = Pattern.compile("\\{\\{(.*?)\\}\\}");

    private ExpectedText() {}

    /** Returns what is wrong with the log, or null if nothing is. */
    static @Nullable String problem(String log, List<TestSpec.Expected> expected) {
        int from = 0;
        int i = 0;
        while (i < expected.size()) {
            int end = i;
            while (end < expected.size() && expected.get(end).unwanted()) {
                end++;
            }
            int start = from;
            int limit = log.length();
            if (end < expected.size()) {
                Matcher wanted = pattern(expected.get(end).text()).matcher(log);
                if (!wanted.find(from)) {
                    return "the log lacks \"" + expected.get(end).text() + "\"";
                }
                limit = wanted.start();
                from = wanted.end();
            }
            for (TestSpec.Expected unwanted : expected.subList(i, end)) {
                Matcher found = pattern(unwanted.text()).matcher(log.substring(start, limit));
                if (found.find()) {
                    return "the log has \"" + unwanted.text() + "\", which must not be there";
                }
            }
            i = end + 1;
        }
        return null;
    }

    private static Pattern pattern(String text) {
        StringBuilder regex = new StringBuilder();
        Matcher matcher = BRACES.matcher(text);
        int at = 0;
        while (matcher.find()) {
            regex.append(Pattern.quote(text.substring(at, matcher.start())))
                    .append("(?:")
                    .append(matcher.group(1))
                    .append(')');
            at = matcher.end();
        }
        regex.append(Pattern.quote(text.substring(at)));
        try {
            return Pattern.compile(regex.toString(), Pattern.MULTILINE);
        } catch (PatternSyntaxException e) {
            return Pattern.compile(Pattern.quote(text)); // what is no expression here is taken as it stands
        }
    }
}
