package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockAttempts;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.maps.lock.TimeHistogram;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/** The lock statistics as tables: attempts by outcome, how long they waited, how long locks were held. */
final class LockTables {
    private static final long[] BOUNDS_NANOS = {
        1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
    };

    private static final Pattern NUMBER = Pattern.compile("\\d+");

    private final List<Line> lines = new ArrayList<>();
    private final boolean perCpu;

    private LockTables(List<LockRow> rows, boolean perCpu) {
        this.perCpu = perCpu;
        List<LockRow> sorted = new ArrayList<>(rows);
        sorted.sort(Comparator.comparing(row -> sortKey(row.name())));
        for (LockRow row : sorted) {
            if (perCpu) {
                row.perCpu()
                        .forEach(own -> lines.add(
                                new Line(row.name(), Integer.toString(own.cpu()), own.level(), own.attempts())));
            } else {
                row.contexts().forEach((level, attempts) -> lines.add(new Line(row.name(), "", level, attempts)));
            }
        }
    }

    /** Sorts {@code a[10]} after {@code a[9]}. */
    private static String sortKey(String name) {
        return NUMBER.matcher(name)
                .replaceAll(number -> "0".repeat(Math.max(0, 20 - number.group().length())) + number.group());
    }

    /** The lock, CPU and context of one line of each table. */
    private record Line(String lock, String cpu, ContextLevel level, LockAttempts attempts) {}

    /**
     * The tables, those without any line left out.
     *
     * @param perCpu whether there is a line for each CPU rather than for all together
     */
    static String of(List<LockRow> rows, boolean perCpu, Style style) {
        LockTables tables = new LockTables(rows, perCpu);
        if (tables.lines.isEmpty()) {
            return "\nNo lock was taken.\n";
        }
        return tables.attempts(style)
                + tables.times("Waits for", LockAttempts::waits, style)
                + tables.times("Held", LockAttempts::holds, style);
    }

    /** The tables but that of waits, where the report shows latencies of its own. */
    static String withoutWaits(List<LockRow> rows, boolean perCpu, Style style) {
        LockTables tables = new LockTables(rows, perCpu);
        return tables.lines.isEmpty() ? "" : tables.attempts(style) + tables.times("Held", LockAttempts::holds, style);
    }

    private List<String> titles(String first) {
        return new ArrayList<>(perCpu ? List.of(first, ">CPU", "Context") : List.of(first, "Context"));
    }

    private List<String> cells(Line line) {
        String level = line.level.word();
        return new ArrayList<>(perCpu ? List.of(line.lock, line.cpu, level) : List.of(line.lock, level));
    }

    private String attempts(Style style) {
        List<String> titles = titles("Lock");
        titles.addAll(List.of(">Attempts", ">Acquired", ">fast", ">pending", ">queued", ">trylock"));
        titles.addAll(List.of(">AA", ">ABBA", ">Timeout", ">No node", ">Deepest"));
        TextTable table = new TextTable(titles.toArray(String[]::new));
        for (Line line : lines) {
            List<String> cells = cells(line);
            cells.add(Long.toString(line.attempts.total()));
            cells.add(Long.toString(line.attempts.acquired()));
            for (LockOutcome outcome : LockOutcome.values()) {
                cells.add(orDot(line.attempts.count(outcome)));
            }
            cells.add(Integer.toString(line.attempts.deepestNesting()));
            table.add(cells.toArray(String[]::new));
        }
        return "\n" + table.render(style);
    }

    private String times(String title, Function<LockAttempts, TimeHistogram> which, Style style) {
        List<String> titles = titles(title);
        titles.addAll(timeTitles());
        TextTable table = new TextTable(titles.toArray(String[]::new));
        for (Line line : lines) {
            TimeHistogram times = which.apply(line.attempts);
            if (!times.isEmpty()) {
                List<String> cells = cells(line);
                cells.addAll(timeCells(times));
                table.add(cells.toArray(String[]::new));
            }
        }
        return table.isEmpty() ? "" : "\n" + table.render(style);
    }

    /** Titles of the columns of {@link #timeCells}. */
    static List<String> timeTitles() {
        List<String> titles = new ArrayList<>(List.of(">Times", ">Median", ">99 %", ">Longest"));
        for (long bound : BOUNDS_NANOS) {
            titles.add("><= " + Durations.round(bound));
        }
        titles.add(">longer");
        return titles;
    }

    /** Returns the cells for times: their number, median, 99th percentile, longest, and a coarse histogram. */
    static List<String> timeCells(TimeHistogram times) {
        List<String> cells = new ArrayList<>(List.of(
                Long.toString(times.count()),
                Durations.of(times.p50Nanos()),
                Durations.of(times.p99Nanos()),
                Durations.of(times.maxNanos())));
        for (long count : times.upTo(BOUNDS_NANOS)) {
            cells.add(orDot(count));
        }
        return cells;
    }

    /** A number; a dot for none, so that what there is stands out. */
    static String orDot(long count) {
        return count == 0 ? "." : Long.toString(count);
    }
}
