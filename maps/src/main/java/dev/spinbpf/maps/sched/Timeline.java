package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.LongWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import dev.spinbpf.maps.sync.SharedAccess;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * The record of a run: a row a step, a column a CPU, and the watched words as they are before the step. Where all that
 * happens as time passes is that waiting strands look again in vain, that is shown once.
 */
public final class Timeline {
    private static final int MOST_ROWS = 10_000;
    private static final int COLUMN = 32;

    private record Row(long nanos, int cpu, String what, List<Integer> words) {}

    private record Watched(long address, IntFunction<String> format) {}

    private final List<Row> rows = new ArrayList<>();
    private final Map<String, Watched> watchedByName = new LinkedHashMap<>();
    private int cpus = 1;

    Timeline() {}

    /** Shows a 32-bit word of guest memory beside each step. */
    public void watch(String name, long address, IntFunction<String> format) {
        watchedByName.put(name, new Watched(address, format));
    }

    void add(long nanos, Cpu cpu, SharedAccess access, Object owner, long address) {
        add(nanos, cpu, access.name().toLowerCase(Locale.ROOT) + " " + name(owner, address));
    }

    void addInterrupt(long nanos, Cpu cpu, ContextLevel level) {
        add(nanos, cpu, "*** " + level);
    }

    private void add(long nanos, Cpu cpu, String what) {
        cpus = cpu.cpus().count();
        if (rows.size() < MOST_ROWS) {
            String prefix = cpu.level() == ContextLevel.TASK ? "" : cpu.level() + ": ";
            List<Integer> words = watchedByName.values().stream()
                    .map(watched -> GuestMemory.getInt(watched.address))
                    .toList();
            rows.add(new Row(nanos, cpu.id(), prefix + what, words));
        }
    }

    private String name(Object owner, long address) {
        if (!owner.equals(SchedulePoint.GUEST)) {
            return owner instanceof LongWords ? owner + "[" + address + "]" : owner.toString();
        }
        for (var entry : watchedByName.entrySet()) {
            long offset = address - entry.getValue().address;
            if (offset >= 0 && offset < Integer.BYTES) {
                return entry.getKey() + (offset == 0 ? "" : "+" + offset);
            }
        }
        return "0x" + Long.toHexString(address);
    }

    /** Returns how many steps are recorded. */
    public int size() {
        return rows.size();
    }

    @Override
    public String toString() {
        var text = new StringBuilder(String.format(Locale.ROOT, "%14s  ", "ns"));
        for (int cpu = 0; cpu < cpus; cpu++) {
            text.append(pad("cpu" + cpu));
        }
        text.append(String.join("  ", watchedByName.keySet())).append('\n');
        long start = rows.isEmpty() ? 0 : rows.getFirst().nanos;
        for (int from = 0; from < rows.size(); ) {
            int to = endOfTick(from);
            rows.subList(from, to).forEach(row -> append(text, row, start));
            int repeats = 0;
            int next = to;
            while (next < rows.size() && repeats(from, to, next)) {
                repeats++;
                next += to - from;
            }
            if (repeats > 0) {
                text.append(String.format(Locale.ROOT, "%14s  the same %d more times%n", "…", repeats));
            }
            from = next;
        }
        return text.toString();
    }

    private void append(StringBuilder text, Row row, long startNanos) {
        text.append(String.format(Locale.ROOT, "%,14d  ", row.nanos - startNanos));
        for (int cpu = 0; cpu < cpus; cpu++) {
            text.append(pad(cpu == row.cpu ? row.what : ""));
        }
        int word = 0;
        for (Watched watched : watchedByName.values()) {
            text.append(watched.format.apply(row.words.get(word++))).append("  ");
        }
        text.append('\n');
    }

    /** The row after the last before which virtual time did not jump. */
    private int endOfTick(int from) {
        int to = from + 1;
        while (to < rows.size() && rows.get(to).nanos - rows.get(to - 1).nanos < Simulation.TICK_NANOS) {
            to++;
        }
        return to;
    }

    /**
     * Returns true where the rows from {@code next} on are a tick that shows the same as those of {@code from} to
     * {@code to}.
     */
    private boolean repeats(int from, int to, int next) {
        int end = endOfTick(next);
        if (end - next != to - from) {
            return false;
        }
        for (int i = 0; i < to - from; i++) {
            Row row = rows.get(from + i);
            Row other = rows.get(next + i);
            if (row.cpu != other.cpu || !row.what.equals(other.what) || !row.words.equals(other.words)) {
                return false;
            }
        }
        return true;
    }

    private static String pad(String cell) {
        return cell + " ".repeat(Math.max(1, COLUMN - cell.length()));
    }
}
