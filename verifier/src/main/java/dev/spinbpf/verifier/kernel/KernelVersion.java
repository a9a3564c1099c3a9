package dev.spinbpf.verifier.kernel;

/** A release of Linux, as in {@code 7.2}. */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {

    /**
     * Reads {@code major.minor}.
     *
     * @throws IllegalArgumentException if the text is not two numbers with a dot between them
     */
    public static KernelVersion parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 0) {
            throw new IllegalArgumentException("'" + text + "' is no version: expected as in 7.2");
        }
        return new KernelVersion(Integer.parseInt(text.substring(0, dot)), Integer.parseInt(text.substring(dot + 1)));
    }

    @Override
    public int compareTo(KernelVersion other) {
        return major != other.major ? Integer.compare(major, other.major) : Integer.compare(minor, other.minor);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
