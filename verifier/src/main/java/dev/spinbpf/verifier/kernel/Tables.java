package dev.spinbpf.verifier.kernel;

import dev.spinbpf.programs.linux.KernelVersion;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Reads the tables of this package: lines of tab-separated columns; {@code #} starts a comment line.
 *
 * <p>A row may end with columns that say in which releases it holds: {@code @since=7.3}, the first one, and
 * {@code @until=7.4}, the first one in which it does not hold any more. They are taken off.
 */
public final class Tables {
    /** Stands in a column that says nothing. */
    static final String NOTHING = "-";

    private static final String SINCE = "@since=";
    private static final String UNTIL = "@until=";

    private Tables() {}

    /** Returns the rows of a table for all releases, in the order of the file, each as its columns. */
    public static List<String[]> rows(String resource) {
        return read(resource, _ -> true);
    }

    /** Returns the rows that hold for the version, in the order of the file, each as its columns. */
    public static List<String[]> rows(String resource, KernelVersion version) {
        return read(resource, columns -> holds(columns, withoutVersions(columns), version));
    }

    private static List<String[]> read(String resource, Predicate<String[]> wanted) {
        try (InputStream in = Objects.requireNonNull(Tables.class.getResourceAsStream(resource), resource);
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            List<String[]> rows = new ArrayList<>();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!line.isEmpty() && line.charAt(0) != '#') {
                    String[] columns = line.split("\t", -1);
                    int count = withoutVersions(columns);
                    if (wanted.test(columns)) {
                        rows.add(count == columns.length ? columns : Arrays.copyOf(columns, count));
                    }
                }
            }
            return rows;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the words of a column, separated by commas; none if it holds {@link #NOTHING}. */
    static Set<String> words(String column) {
        return column.equals(NOTHING) ? Set.of() : Set.of(column.split(",", -1));
    }

    private static int withoutVersions(String[] columns) {
        int count = columns.length;
        while (columns[count - 1].startsWith("@")) {
            count--;
        }
        return count;
    }

    private static boolean holds(String[] columns, int from, KernelVersion version) {
        for (int i = from; i < columns.length; i++) {
            String column = columns[i];
            boolean isSince = column.startsWith(SINCE);
            if (!isSince && !column.startsWith(UNTIL)) {
                throw new IllegalArgumentException(columns[0] + ": unknown column " + column);
            }
            boolean reached = version.compareTo(KernelVersion.parse(column.substring(SINCE.length()))) >= 0;
            if (reached != isSince) {
                return false;
            }
        }
        return true;
    }
}
