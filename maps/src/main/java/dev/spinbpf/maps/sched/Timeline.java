package dev.spinbpf.maps.sched;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.maps.sync.Access;
import dev.spinbpf.maps.sync.LongWords;
import dev.spinbpf.maps.sync.SchedulePoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;

/** The record of a run: a row a step, a column a CPU, and the watched words as they are before the step. */
public final class Timeline {
    private static final int MOST_ROWS = 10_000;
    private static final int COLUMN = 26;

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

    void add(long nanos, Cpu cpu, Access access, Object owner, long address) {
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

    /** How many steps are recorded. */
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
        for (Row row : rows) {
            text.append(String.format(Locale.ROOT, "%,14d  ", row.nanos - start));
            for (int cpu = 0; cpu < cpus; cpu++) {
                text.append(pad(cpu == row.cpu ? row.what : ""));
            }
            int word = 0;
            for (Watched watched : watchedByName.values()) {
                text.append(watched.format.apply(row.words.get(word++))).append("  ");
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String pad(String cell) {
        return cell + " ".repeat(Math.max(1, COLUMN - cell.length()));
    }
}
