package dev.spinbpf.tools.report;

/** Colours and weights, or none of them where the output is not a terminal. */
public enum Style {
    PLAIN,
    COLOURED;

    public String bold(String text) {
        return wrap("1", text);
    }

    public String good(String text) {
        return wrap("32", text);
    }

    public String bad(String text) {
        return wrap("31", text);
    }

    public String dim(String text) {
        return wrap("2", text);
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
