package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.kernel.KernelRule;
import dev.spinbpf.verifier.kernel.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The verifier's log. Messages are always taken, since the last line is the reason of a refusal; states and instructions
 * only if a log was asked for. A log that grows too long loses its beginning, as Linux's does.
 */
public final class VerifierLog {
    private static final int KEPT_WITHOUT_LOG = 1 << 12;
    private static final int KEPT_WITH_LOG = 1 << 24;
    private static final int MAX_NOTES = 64;

    private final StringBuilder text = new StringBuilder();
    private final Kernel kernel;
    private final boolean wanted;
    private final int kept;
    private final boolean explains;
    /** Characters that were cut off at the beginning. */
    private int dropped;
    /** True if paths that turned out to be safe stay in the log: Linux's level 2. */
    public boolean keepsAllPaths;
    /** Position after the line whose explanation would follow; none is there if it is negative. */
    private int explainedEnd = -1;
    /** The messages since the log was last set back. */
    private final List<Note> notes = new ArrayList<>();

    /** Registers touched since the state was last printed, a bit each. */
    public int scratchedRegs;
    /** Stack slots touched since the state was last printed, a bit each. */
    public long scratchedSlots;

    /**
     * An empty log.
     *
     * @param kernel whose words the messages are in
     * @param wanted whether states and instructions are asked for
     */
    public VerifierLog(Kernel kernel, boolean wanted) {
        this(kernel, wanted, wanted ? KEPT_WITH_LOG : KEPT_WITHOUT_LOG);
    }

    /** @param kept how many characters are kept at least */
    VerifierLog(Kernel kernel, boolean wanted, int kept) {
        this.kernel = kernel;
        this.wanted = wanted;
        this.kept = kept;
        explains = kernel.has(KernelRule.REFUSALS_ARE_EXPLAINED);
    }

    /** True if states and instructions are to be printed. */
    public boolean isWanted() {
        return wanted;
    }

    /** True if it is to be printed what Linux prints at level 2: where paths go on, and how precision spreads. */
    public boolean isDetailed() {
        return wanted && keepsAllPaths;
    }

    /** Goes back before the end of the last line, so that what follows stands on it. */
    public void reopenLine() {
        if (!text.isEmpty() && text.charAt(text.length() - 1) == '\n') {
            text.setLength(text.length() - 1);
        }
    }

    public void append(String added) {
        text.append(added);
        if (text.length() > 2 * kept) {
            int cut = text.indexOf("\n", text.length() - kept) + 1;
            text.delete(0, cut);
            dropped += cut;
        }
    }

    /** The position of the next text; for {@link #reset} once the path that it belongs to has turned out to be safe. */
    public int position() {
        return dropped + text.length();
    }

    /** Forgets what was appended after a {@link #position}. */
    public void reset(int position) {
        notes.clear();
        if (keepsAllPaths) {
            return;
        }
        int length = Math.max(position - dropped, 0);
        explainedEnd = explainedEnd > position ? -1 : explainedEnd;
        if (length < text.length()) {
            text.setLength(length);
            dropped = Math.min(dropped, position);
        }
    }

    /** The last line that is not empty, without the line's end; empty if there is none. */
    String lastLine() {
        return lineBefore(text.length());
    }

    private String lineBefore(int position) {
        int end = position;
        while (end > 0 && text.charAt(end - 1) == '\n') {
            end--;
        }
        return text.substring(text.lastIndexOf("\n", end - 1) + 1, end);
    }

    /** Appends text that is no message; lines end with a newline. */
    public void narrate(String format, @Nullable Object... args) {
        append(args.length == 0 ? format : String.format(Locale.ROOT, format, args));
    }

    /** Appends a message as a line of its own. */
    public void note(Message message, @Nullable Object... args) {
        String line = kernel.messages().format(message, args);
        if (notes.size() < MAX_NOTES) {
            notes.add(new Note(message, line));
        }
        append(line);
        append("\n");
        if (explains && explainedEnd < 0 && kernel.messages().isExplained(message)) {
            explainedEnd = position();
        }
    }

    /**
     * A message that was appended.
     *
     * @param message its row
     * @param text the row's text with its arguments; may be of several lines
     */
    public record Note(Message message, String text) {}

    /** Returns the messages of the path that is walked, in order: one refusal may write several. */
    public List<Note> notes() {
        return List.copyOf(notes);
    }

    /**
     * The exception that refuses the program, to be thrown by the caller. Its reason is the last line, or the one after
     * which Linux explains the refusal.
     */
    public Rejection reject(int errno) {
        return new Rejection(errno, null, reason());
    }

    private String reason() {
        return explainedEnd > dropped ? lineBefore(explainedEnd - dropped) : lastLine();
    }

    /** Appends the message and returns the exception that refuses the program, to be thrown by the caller. */
    public Rejection reject(int errno, Message message, @Nullable Object... args) {
        note(message, args);
        return new Rejection(errno, message, reason());
    }

    /** Notes that a register was touched. */
    public void markRegScratched(int number) {
        scratchedRegs |= 1 << number;
    }

    /** Notes that a stack slot was touched. */
    public void markSlotScratched(int spi) {
        scratchedSlots |= 1L << spi;
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
