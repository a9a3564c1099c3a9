package dev.spinbpf.maps;

/** Bounds of the searches that take longest: larger with the Maven profile {@code thorough}, which {@code .ci/run} uses. */
public final class TestSize {
    private static final boolean THOROUGH = Boolean.getBoolean("spinbpf.thorough");

    private TestSize() {}

    /** Returns the first number in an ordinary build, the second in a thorough one. */
    public static int of(int ordinary, int thorough) {
        return THOROUGH ? thorough : ordinary;
    }
}
