package dev.spinbpf.verifier;

import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.kernel.Tables;
import java.util.List;
import java.util.Locale;

/**
 * A release of Linux whose answers the verifier's rules were compared with. Releases between two of them get the rules
 * that hold for their version.
 *
 * @param programs how many programs it was asked about
 * @param equal how many of its verdicts are those of this verifier
 */
public record KernelProfile(KernelVersion version, int programs, int equal) {
    private static final List<KernelProfile> ALL = read();
    private static final double PERCENT = 100.0;

    /** All profiles, oldest first. */
    public static List<KernelProfile> all() {
        return ALL;
    }

    /** The oldest release whose rules are known. */
    public static KernelVersion oldest() {
        return ALL.getFirst().version;
    }

    /** Returns how well the verdicts for a release were measured, in a few words. */
    public static String measurement(KernelVersion version) {
        KernelVersion series = version.series();
        for (int i = 0; i < ALL.size(); i++) {
            KernelProfile profile = ALL.get(i);
            if (profile.version.compareTo(series) == 0) {
                return String.format(
                        Locale.ROOT,
                        "%.1f %% of %,d verdicts that were compared are Linux's",
                        PERCENT * profile.equal / profile.programs,
                        profile.programs);
            }
            if (profile.version.compareTo(series) > 0) {
                return i == 0
                        ? "not measured: older than Linux " + profile.version
                        : "not measured itself: between Linux " + ALL.get(i - 1).version + " and " + profile.version;
            }
        }
        return "not measured: newer than Linux " + ALL.getLast().version;
    }

    private static List<KernelProfile> read() {
        return Tables.rows("profiles.tsv", KernelVersion.REFERENCE).stream()
                .map(row -> new KernelProfile(
                        KernelVersion.parse(row[0]), Integer.parseInt(row[1]), Integer.parseInt(row[2])))
                .toList();
    }
}
