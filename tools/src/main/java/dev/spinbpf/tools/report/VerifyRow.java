package dev.spinbpf.tools.report;

import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.refusal.Explanation;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One program's line in the report of {@code spinbpf verify}; or, for a file that cannot be read, the file's.
 *
 * @param fileName the file's name without directories, as veristat prints it
 * @param progName the program, empty for a file that cannot be read
 * @param progType the program's type in lower case, empty for a file that cannot be read
 * @param verdict the outcome
 * @param stats what the verification took
 * @param reason why it was not accepted
 * @param log the verifier's log, empty unless asked for
 */
public record VerifyRow(
        String fileName,
        String progName,
        String progType,
        Outcome verdict,
        Verdict.Stats stats,
        Reason reason,
        String log) {
    private static final Verdict.Stats NOTHING = new Verdict.Stats(0, 0, 0, 0);
    private static final long NANOS_PER_MICRO = 1000;

    /**
     * The reason why a program was not accepted.
     *
     * @param message the line that Linux would end its log with, or the reason; empty on success
     * @param explanation the reason in plain words, may be empty; may have several lines
     * @param refusal its parts; null if it is no refusal by Linux's rules
     * @param directory where the object lies; null if that is not known
     */
    public record Reason(
            String message,
            String explanation,
            @Nullable Explanation refusal,
            @Nullable Path directory) {
        /** A reason that is no refusal by Linux's rules. */
        public Reason(String message, String explanation) {
            this(message, explanation, null, null);
        }

        /** No reason, on success. */
        public static final Reason NONE = new Reason("", "");
    }

    /** Names of the CSV's columns: veristat's, and the message. */
    static final List<String> COLUMNS = List.of(
            "file_name",
            "prog_name",
            "verdict",
            "duration",
            "total_insns",
            "total_states",
            "peak_states",
            "prog_type",
            "message");

    /** The row of a file that cannot be read. */
    public static VerifyRow unreadable(String fileName, String message) {
        return new VerifyRow(fileName, "", "", Outcome.ERROR, NOTHING, new Reason(message, ""), "");
    }

    /** The row of a program that could not be linked. */
    public static VerifyRow unlinked(String fileName, String progName, String progType, Reason reason) {
        return new VerifyRow(fileName, progName, progType, Outcome.FAILURE, NOTHING, reason, "");
    }

    /**
     * The row of a file or program at which spinbpf itself failed.
     *
     * @param progName the program, empty for a file
     */
    public static VerifyRow internalError(String fileName, String progName, String progType, Reason reason) {
        return new VerifyRow(fileName, progName, progType, Outcome.INTERNAL, NOTHING, reason, "");
    }

    /** Time of verification in microseconds. */
    long durationMicros() {
        return stats.durationNanos() / NANOS_PER_MICRO;
    }

    /**
     * Returns the row of the same program where loading ends with another one.
     *
     * @param isNeverVerified whether the program is never verified, so that there are no counts and no log
     */
    public VerifyRow refused(Reason otherReason, boolean isNeverVerified) {
        return new VerifyRow(
                fileName,
                progName,
                progType,
                Outcome.FAILURE,
                isNeverVerified ? NOTHING : stats,
                otherReason,
                isNeverVerified ? "" : log);
    }

    /** The values in the order of {@link #COLUMNS}. */
    public List<String> values() {
        return List.of(
                fileName,
                progName,
                verdict.word(),
                Long.toString(durationMicros()),
                Integer.toString(stats.insns()),
                Integer.toString(stats.totalStates()),
                Integer.toString(stats.peakStates()),
                progType,
                reason.message());
    }

    /** The outcomes for a program or file. */
    public enum Outcome {
        SUCCESS("success"),
        FAILURE("failure"),
        /** Refused because something that it uses is not built here; the message names it. */
        UNSUPPORTED("failure"),
        /** spinbpf itself failed on it. */
        INTERNAL("error"),
        /** The file cannot be read. */
        ERROR("error");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        /** The word in the verdict column. */
        public String word() {
            return word;
        }
    }
}
