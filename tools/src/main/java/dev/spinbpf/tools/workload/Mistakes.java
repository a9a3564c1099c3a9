package dev.spinbpf.tools.workload;

import dev.spinbpf.tools.report.Printable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** The mistakes of one workload file. */
final class Mistakes {
    private static final int MOST_SHOWN = 100;
    private static final int MOST_KEPT = 10_000;
    private static final int MOST_COMPARED = 100;
    private static final int MOST_COMPARED_LETTERS = 64;

    private final String file;
    private final List<Mistake> all = new ArrayList<>();

    Mistakes(String file) {
        this.file = file;
    }

    private record Mistake(YamlNode.Place place, String text) {}

    /** Adds a mistake that concerns no key. */
    void add(YamlNode.Place place, String text) {
        if (all.size() < MOST_KEPT) {
            all.add(new Mistake(place, text));
        }
    }

    /**
     * Adds a mistake.
     *
     * @param path the key, such as {@code attachments[0].rate}; empty for the whole file
     * @param text what was expected, and what was found
     */
    void add(YamlNode.Place place, String path, String text) {
        add(place, path.isEmpty() ? text : "key '" + Printable.line(path) + "': " + text);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    int count() {
        return all.size();
    }

    /** Raises what was found, if anything was: a line for each mistake, in the order of the file. */
    void raise() throws WorkloadFileException {
        if (all.isEmpty()) {
            return;
        }
        List<String> lines = new ArrayList<>(all.stream()
                .sorted(Comparator.comparing(Mistake::place))
                .limit(MOST_SHOWN)
                .map(mistake -> file + ":" + mistake.place.line() + ":" + mistake.place.column() + ": " + mistake.text)
                .distinct()
                .toList());
        if (all.size() > MOST_SHOWN) {
            lines.add(file + ": " + (all.size() - MOST_SHOWN) + " more mistakes");
        }
        throw new WorkloadFileException(lines);
    }

    /** Returns a hint at what may have been meant, or an empty string. */
    static String suggestion(String found, Collection<String> known) {
        String nearest = "";
        int least = Math.max(1, Math.min(3, found.length() / 2)) + 1;
        if (found.length() > MOST_COMPARED_LETTERS) {
            return "";
        }
        for (String name : known.stream().limit(MOST_COMPARED).toList()) {
            int distance = distance(found, name, least);
            if (distance < least) {
                least = distance;
                nearest = name;
            }
        }
        return nearest.isEmpty() ? "" : "; did you mean '" + Printable.line(nearest) + "'?";
    }

    /** Number of letters to insert, delete, replace or swap; at least {@code most} where the lengths differ so much. */
    private static int distance(String one, String other, int most) {
        if (Math.abs(one.length() - other.length()) >= most) {
            return most;
        }
        int[][] costs = new int[one.length() + 1][other.length() + 1];
        for (int i = 0; i <= one.length(); i++) {
            for (int j = 0; j <= other.length(); j++) {
                costs[i][j] = i == 0 || j == 0 ? i + j : step(costs, one, other, i, j);
            }
        }
        return costs[one.length()][other.length()];
    }

    private static int step(int[][] costs, String one, String other, int i, int j) {
        boolean same = one.charAt(i - 1) == other.charAt(j - 1);
        int least = Math.min(costs[i - 1][j - 1] + (same ? 0 : 1), Math.min(costs[i - 1][j], costs[i][j - 1]) + 1);
        boolean swapped =
                i > 1 && j > 1 && one.charAt(i - 1) == other.charAt(j - 2) && one.charAt(i - 2) == other.charAt(j - 1);
        return swapped ? Math.min(least, costs[i - 2][j - 2] + 1) : least;
    }
}
