package dev.spinbpf.tools.client;

/**
 * A program of an object, as the service describes it.
 *
 * @param name its name
 * @param type its type, as bpftool names it
 * @param state {@code rejected}, {@code unsupported}, {@code verified}, {@code loaded} or {@code attached}
 * @param hook where it is attached, or an empty text
 * @param message the reason why it was not accepted, or an empty text
 * @param explanation the same in plain words, or an empty text
 * @param verification what its verification took
 * @param runs its runs, in all contexts
 * @param misses events at which it could not run, in all contexts
 * @param faults runs that a fault ended, in all contexts
 */
public record RemoteProgram(
        String name,
        String type,
        String state,
        String hook,
        String message,
        String explanation,
        Verification verification,
        long runs,
        long misses,
        long faults) {
    /**
     * The cost of a verification.
     *
     * @param insns instructions processed
     * @param totalStates states kept
     * @param peakStates most states kept at one time
     * @param durationNanos wall time
     */
    public record Verification(long insns, long totalStates, long peakStates, long durationNanos) {}

    /** Returns true if the verifier accepted it. */
    public boolean isAccepted() {
        return !state.equals("rejected") && isSupported();
    }

    /** Returns false if it uses something that spinbpf does not know. */
    public boolean isSupported() {
        return !state.equals("unsupported");
    }

    /** Returns true if it is loaded, attached or not. */
    public boolean isLoaded() {
        return state.equals("loaded") || state.equals("attached");
    }
}
