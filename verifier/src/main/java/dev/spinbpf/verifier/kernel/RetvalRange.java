package dev.spinbpf.verifier.kernel;

/**
 * The values that a program or callback may return.
 *
 * @param min least value
 * @param max greatest value
 * @param return32bit whether only the lower 32 bits count
 */
public record RetvalRange(int min, int max, boolean return32bit) {
    public RetvalRange(int min, int max) {
        this(min, max, false);
    }
}
