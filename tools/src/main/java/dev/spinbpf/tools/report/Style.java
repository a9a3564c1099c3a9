package dev.spinbpf.tools.report;

import java.util.Set;

/** Colours and weights, or none of them where the output is not a terminal. */
public enum Style {
    PLAIN,
    COLOURED;

    private static final Set<String> SEQUENCES = Set.of("\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m");

    String bold(String text) {
        return wrap("1", text);
    }

    public String good(String text) {
        return wrap("32", text);
    }

    public String bad(String text) {
        return wrap("31", text);
    }

    String dim(String text) {
        return wrap("2", text);
    }

    /** Returns true if these are the characters of one of the sequences that a coloured style uses. */
    static boolean isSequence(CharSequence text) {
        return SEQUENCES.contains(text.toString());
    }

    private String wrap(String code, String text) {
        return this == PLAIN ? text : "\033[" + code + 'm' + text + "\033[0m";
    }

    /** Coloured if the launcher says that the standard output is a terminal and NO_COLOR is not set. */
    public static Style ofStandardOutput() {
        String noColor = System.getenv("NO_COLOR");
        return Boolean.getBoolean("spinbpf.stdout.terminal") && (noColor == null || noColor.isEmpty())
                ? COLOURED
                : PLAIN;
    }
}
