package dev.spinbpf.tools.report.page;

import dev.spinbpf.vm.explore.Storyboard.Row;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/**
 * The rows of a run as lanes, one a CPU: bars of programs and interrupts that nest, and strips of locks that are held. Times
 * are numbers of rows.
 */
final class Lanes {
    private static final String LANDING = "*** ";

    private final List<Row> rows;
    private final List<Lane> lanes = new ArrayList<>();
    private final Set<String> locks = new LinkedHashSet<>();

    /**
     * A run of a program, or an interrupt with its program.
     *
     * @param depth how many runs are below
     * @param from its first row
     * @param to its last row, or that of what interrupts it
     */
    record Bar(int depth, String label, int from, int to) {}

    /**
     * The time in which a lock is held.
     *
     * @param slot how many locks the CPU held before
     * @param from the row that takes it
     * @param to the row that lets it go; the number of rows where none does
     */
    record Strip(int slot, String lock, int from, int to) {}

    /** A CPU's lane. */
    record Lane(int cpu, List<Bar> bars, List<Strip> strips) {
        int depth() {
            return 1 + bars.stream().mapToInt(Bar::depth).max().orElse(0);
        }

        int slots() {
            return strips.stream().mapToInt(strip -> strip.slot() + 1).max().orElse(0);
        }
    }

    /** A bar that may go on. */
    private static final class OpenBar {
        private final int depth;
        private final String level;
        private final int from;
        private String program;
        private int to;

        private OpenBar(int depth, String level, String program, int from) {
            this.depth = depth;
            this.level = level;
            this.program = program;
            this.from = from;
            to = from;
        }

        private Bar closed() {
            String between = level.isEmpty() || program.isEmpty() ? "" : ": ";
            return new Bar(depth, level + between + program, from, to);
        }
    }

    Lanes(List<Row> rows, int cpus) {
        this.rows = rows;
        rows.forEach(row -> locks.addAll(row.held()));
        for (int cpu = 0; cpu < cpus; cpu++) {
            lanes.add(new Lane(cpu, bars(cpu), strips(cpu)));
        }
    }

    List<Lane> lanes() {
        return Collections.unmodifiableList(lanes);
    }

    /** Returns the names of the locks that are held in the run, in the order in which they are taken. */
    List<String> locks() {
        return List.copyOf(locks);
    }

    /** Returns true for a row in which an interrupt lands. */
    static boolean isLanding(Row row) {
        return row.place().program().isEmpty() && row.place().text().startsWith(LANDING);
    }

    /** Returns the depth at which a row is drawn: a CPU that stands still does so in the program that runs. */
    static int depth(Row row) {
        boolean isAside = row.place().program().isEmpty() && !isLanding(row);
        return isAside ? Math.max(0, row.depth() - 1) : row.depth();
    }

    private List<Bar> bars(int cpu) {
        TreeMap<Integer, OpenBar> open = new TreeMap<>();
        List<Bar> bars = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            if (row.cpu() == cpu) {
                close(open, row, bars);
                reach(open, row, i);
            }
        }
        open.values().forEach(bar -> bars.add(bar.closed()));
        return List.copyOf(bars);
    }

    /** Ends the bars that a row shows to be over. */
    private static void close(NavigableMap<Integer, OpenBar> open, Row row, List<Bar> bars) {
        int depth = depth(row);
        OpenBar here = open.get(depth);
        String program = row.place().program();
        boolean isOther =
                here != null && !program.isEmpty() && !here.program.isEmpty() && !here.program.equals(program);
        var over = open.tailMap(depth, isLanding(row) || isOther);
        over.values().forEach(bar -> bars.add(bar.closed()));
        over.clear();
    }

    /** Makes bars reach to a row: that of its program, and those below. */
    private static void reach(NavigableMap<Integer, OpenBar> open, Row row, int at) {
        int depth = depth(row);
        String program = row.place().program();
        String level = isLanding(row) ? row.place().text().substring(LANDING.length()) : "";
        OpenBar bar = open.computeIfAbsent(depth, key -> new OpenBar(depth, level, program, at));
        if (bar.program.isEmpty()) {
            bar.program = program;
        }
        open.headMap(depth, true).values().forEach(each -> each.to = at);
    }

    private List<Strip> strips(int cpu) {
        List<Strip> open = new ArrayList<>();
        List<Strip> strips = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).cpu() == cpu) {
                List<String> held = rows.get(i).held();
                close(open, commonSlots(open, held), i, strips);
                for (int slot = open.size(); slot < held.size(); slot++) {
                    open.add(new Strip(slot, held.get(slot), i, i));
                }
            }
        }
        close(open, 0, rows.size(), strips);
        return List.copyOf(strips);
    }

    private static int commonSlots(List<Strip> open, List<String> held) {
        int common = 0;
        while (common < Math.min(open.size(), held.size())
                && open.get(common).lock().equals(held.get(common))) {
            common++;
        }
        return common;
    }

    private static void close(List<Strip> open, int left, int at, List<Strip> strips) {
        while (open.size() > left) {
            Strip last = open.removeLast();
            strips.add(new Strip(last.slot(), last.lock(), last.from(), at));
        }
    }
}
