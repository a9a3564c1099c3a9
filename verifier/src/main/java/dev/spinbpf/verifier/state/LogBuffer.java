package dev.spinbpf.verifier.state;

/**
 * The verifier's log. Messages are always taken, since the last line is the reason of a refusal; states and instructions
 * only if a log was asked for.
 */
public final class LogBuffer {
    private static final int KEPT_WITHOUT_LOG = 1 << 12;

    private final StringBuilder text = new StringBuilder();
    private final boolean wanted;

    /** @param wanted whether the whole log is asked for */
    public LogBuffer(boolean wanted) {
        this.wanted = wanted;
    }

    /** Whether states and instructions shall be printed. */
    public boolean isWanted() {
        return wanted;
    }

    public void append(String added) {
        if (!wanted && text.length() > KEPT_WITHOUT_LOG) {
            text.delete(0, text.lastIndexOf("\n", text.length() - 2) + 1);
        }
        text.append(added);
    }

    /** Where the next text goes; for {@link #reset} when the path that it told of has turned out to be safe. */
    public int position() {
        return text.length();
    }

    public void reset(int position) {
        text.setLength(Math.min(position, text.length()));
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
