package dev.spinbpf.programs.linux;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A release of Linux, as in {@code 7.2} or {@code 7.2.13}.
 *
 * @param patch the release of the stable series, 0 if it does not matter
 */
public record KernelVersion(int major, int minor, int patch) implements Comparable<KernelVersion> {
    /** The release that is the reference where none is named. */
    public static final KernelVersion REFERENCE = new KernelVersion(7, 3, 0);

    private static final Pattern FORM =
            Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:\\.(\\d{1,4}))?(?!\\d)(.*)", Pattern.DOTALL);
    private static final int BITS_OF_PATCH = 8;
    private static final int MOST_CODED = 255;

    /**
     * Reads {@code major.minor} or {@code major.minor.patch}.
     *
     * @throws IllegalArgumentException if the text is anything else
     */
    public static KernelVersion parse(String text) {
        return read(text, false)
                .orElseThrow(() -> new IllegalArgumentException(
                        "'" + text + "' is no version of Linux: expected as in 7.3 or 7.2.13"));
    }

    /** The version at the beginning of a kernel's release as {@code uname -r} prints it, such as {@code 7.3.4+deb13-amd64}. */
    public static Optional<KernelVersion> ofRelease(String release) {
        return read(release, true);
    }

    private static Optional<KernelVersion> read(String text, boolean mayGoOn) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches() || !mayGoOn && !matcher.group(4).isEmpty()) {
            return Optional.empty();
        }
        String patch = matcher.group(3);
        return Optional.of(new KernelVersion(
                Integer.parseInt(matcher.group(1)),
                Integer.parseInt(matcher.group(2)),
                patch == null ? 0 : Integer.parseInt(patch)));
    }

    /** The number that {@code LINUX_KERNEL_VERSION} holds: {@code major << 16 | minor << 8 | patch}. */
    public int code() {
        return (major << BITS_OF_PATCH | minor) << BITS_OF_PATCH | Math.min(patch, MOST_CODED);
    }

    /** The release without that of the stable series, whose rules are the same. */
    public KernelVersion series() {
        return new KernelVersion(major, minor, 0);
    }

    @Override
    public int compareTo(KernelVersion other) {
        return Integer.compare(code(), other.code());
    }

    @Override
    public String toString() {
        return major + "." + minor + (patch == 0 ? "" : "." + patch);
    }
}
