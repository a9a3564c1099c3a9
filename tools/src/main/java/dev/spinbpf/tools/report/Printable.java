package dev.spinbpf.tools.report;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * Text from files and file names, as a terminal may show it: control characters, and those that turn the direction of
 * writing, stand as {@code \}{@code u001b}, which JSON reads back.
 */
public final class Printable {
    private static final int MOST_LISTED = 20;
    private static final int DELETE = 0x7f;
    private static final int LAST_C1 = 0x9f;

    private Printable() {}

    /** A text of one line: line feeds and tabs are escaped too. */
    public static String line(String text) {
        StringBuilder result = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean plain = isPlain(c);
            if (!plain && result == null) {
                result = new StringBuilder(text.substring(0, i));
            }
            if (result != null) {
                result.append(plain ? String.valueOf(c) : escape(c));
            }
        }
        return result == null ? text : result.toString();
    }

    /** Returns names for a message, separated by commas: the first twenty, and how many there are more. */
    public static String listed(Collection<String> names) {
        String first = names.stream().limit(MOST_LISTED).map(Printable::line).collect(Collectors.joining(", "));
        return names.size() <= MOST_LISTED ? first : first + " and " + (names.size() - MOST_LISTED) + " more";
    }

    /** Returns true if a terminal shows this character and does nothing else. */
    static boolean isPlain(char c) {
        if (c < DELETE) {
            return c >= ' ';
        }
        return c > LAST_C1 && !isDirection(c);
    }

    private static boolean isDirection(char c) {
        return c == '\u061c'
                || c == '\u200e'
                || c == '\u200f'
                || (c >= '\u2028' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }

    static String escape(char c) {
        return "\\u%04x".formatted((int) c);
    }
}
