package dev.spinbpf.programs.promise;

/** Thrown where a promise cannot be read or names something that does not exist. */
public final class PromiseException extends Exception {
    private static final long serialVersionUID = 1;

    /**
     * @param text the promise
     * @param column where the mistake begins, from 1
     * @param mistake what is wrong and what was expected
     */
    public PromiseException(String text, int column, String mistake) {
        super("'" + text + "': column " + column + ": " + mistake);
    }
}
