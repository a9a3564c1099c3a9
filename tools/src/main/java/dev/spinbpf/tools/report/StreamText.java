package dev.spinbpf.tools.report;

import java.util.List;

/** The output of programs, cut to a readable length. */
final class StreamText {
    private StreamText() {}

    /**
     * A title and the first lines, or nothing where nothing was written.
     *
     * @param title what it is
     * @param content all that was kept
     * @param dropped how many further writes were not kept
     * @param mostLines how many lines are shown
     */
    static String of(String title, String content, long dropped, int mostLines, Style style) {
        if (content.isEmpty()) {
            return "";
        }
        List<String> lines = content.stripTrailing().lines().toList();
        StringBuilder text = new StringBuilder();
        text.append('\n').append(style.bold(title)).append(":\n");
        int shown = shown(lines, mostLines);
        lines.stream().limit(shown).forEach(line -> text.append(line.isEmpty() ? "" : "  ")
                .append(line)
                .append('\n'));
        if (lines.size() > shown) {
            text.append(style.dim("  ... " + (lines.size() - shown) + " more lines; --json has all"))
                    .append('\n');
        }
        if (dropped > 0) {
            text.append(style.dim("  ... the stream was full: " + dropped + " further writes were lost"))
                    .append('\n');
        }
        return text.toString();
    }

    /** Returns the number of lines to show: whole paragraphs, where the first is not too long. */
    private static int shown(List<String> lines, int mostLines) {
        if (lines.size() <= mostLines) {
            return lines.size();
        }
        int paragraphs = lines.subList(0, mostLines).lastIndexOf("");
        return paragraphs > 0 ? paragraphs : mostLines;
    }
}
