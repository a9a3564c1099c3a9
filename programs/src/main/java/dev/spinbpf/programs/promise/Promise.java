package dev.spinbpf.programs.promise;

/**
 * A condition that a user states about globals, maps and runs.
 *
 * @param text the condition as it was written
 * @param always whether it has to hold at each point of a run, and not only at the end
 * @param condition the condition: anything but 0 holds
 */
public record Promise(String text, boolean always, Term condition) {
    /** Most characters of a promise. */
    public static final int MOST_CHARS = 500;

    /**
     * Reads a promise.
     *
     * @throws PromiseException where it has a mistake
     */
    public static Promise parse(String text) throws PromiseException {
        return PromiseReader.read(text);
    }
}
