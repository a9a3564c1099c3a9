package dev.spinbpf.tools.report;

import java.util.List;

/**
 * One program's line in the report of {@code spinbpf verify}; or, for a file that cannot be read, the file's.
 *
 * @param fileName the file's name without directories, as veristat prints it
 * @param progName the program, empty for a file that cannot be read
 * @param verdict the outcome
 * @param durationMicros time of verification in microseconds
 * @param totalInsns instructions processed
 * @param totalStates states kept
 * @param peakStates most states kept at one time
 * @param progType the program's type in lower case, empty for a file that cannot be read
 * @param message the line that Linux would end its log with, or the reason; empty on success
 * @param explanation the reason in plain words, may be empty; may have several lines
 * @param log the verifier's log, empty unless asked for
 */
public record VerifyRow(
        String fileName,
        String progName,
        Outcome verdict,
        long durationMicros,
        long totalInsns,
        long totalStates,
        long peakStates,
        String progType,
        String message,
        String explanation,
        String log) {

    /** Names of the CSV's columns: veristat's, and the message. */
    public static final List<String> COLUMNS = List.of(
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
        return new VerifyRow(fileName, "", Outcome.ERROR, 0, 0, 0, 0, "", message, "", "");
    }

    /**
     * The row of a file or program at which spinbpf itself failed.
     *
     * @param progName the program, empty for a file
     */
    public static VerifyRow internalError(
            String fileName, String progName, String progType, String message, String explanation) {
        return new VerifyRow(fileName, progName, Outcome.INTERNAL, 0, 0, 0, 0, progType, message, explanation, "");
    }

    /**
     * Returns the row of the same program where loading ends with another one.
     *
     * @param isNeverVerified whether the program is never verified, so that there are no counts and no log
     */
    public VerifyRow refused(String otherMessage, String reason, boolean isNeverVerified) {
        return new VerifyRow(
                fileName,
                progName,
                Outcome.FAILURE,
                isNeverVerified ? 0 : durationMicros,
                isNeverVerified ? 0 : totalInsns,
                isNeverVerified ? 0 : totalStates,
                isNeverVerified ? 0 : peakStates,
                progType,
                otherMessage,
                reason,
                isNeverVerified ? "" : log);
    }

    /** The values in the order of {@link #COLUMNS}. */
    public List<String> values() {
        return List.of(
                fileName,
                progName,
                verdict.word(),
                Long.toString(durationMicros),
                Long.toString(totalInsns),
                Long.toString(totalStates),
                Long.toString(peakStates),
                progType,
                message);
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
