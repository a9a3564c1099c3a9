package dev.spinbpf.verifier.flow;

/**
 * The verifier's log. Messages are always taken, since the last line is the reason of a refusal; states and instructions
 * only if a log was asked for. A log that grows too long loses its beginning, as Linux's does.
 */
public final class LogBuffer {
    private static final int KEPT_WITHOUT_LOG = 1 << 12;
    private static final int KEPT_WITH_LOG = 1 << 24;

    private final StringBuilder text = new StringBuilder();
    private final boolean wanted;
    private final int kept;
    /** Characters that were cut off at the beginning. */
    private int dropped;

    /** @param wanted whether the whole log is asked for */
    public LogBuffer(boolean wanted) {
        this(wanted, wanted ? KEPT_WITH_LOG : KEPT_WITHOUT_LOG);
    }

    /** @param kept how many characters are kept at least */
    LogBuffer(boolean wanted, int kept) {
        this.wanted = wanted;
        this.kept = kept;
    }

    /** Whether states and instructions shall be printed. */
    public boolean isWanted() {
        return wanted;
    }

    public void append(String added) {
        text.append(added);
        if (text.length() > 2 * kept) {
            int cut = text.indexOf("\n", text.length() - kept) + 1;
            text.delete(0, cut);
            dropped += cut;
        }
    }

    /** Where the next text goes; for {@link #reset} when the path that it told of has turned out to be safe. */
    public int position() {
        return dropped + text.length();
    }

    /** Forgets what was appended after a {@link #position}. */
    public void reset(int position) {
        int length = Math.max(position - dropped, 0);
        if (length < text.length()) {
            text.setLength(length);
            dropped = Math.min(dropped, position);
        }
    }

    /** The last line that is not empty, without the line's end; empty if there is none. */
    public String lastLine() {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == '\n') {
            end--;
        }
        return text.substring(text.lastIndexOf("\n", end - 1) + 1, end);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
