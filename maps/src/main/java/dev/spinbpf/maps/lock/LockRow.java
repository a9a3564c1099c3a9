package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The attempts to take a lock, or one of the locks inside a map, as they were counted up to a moment.
 *
 * @param identity its names
 * @param internal true where the runtime takes it for itself, inside a map
 * @param contexts attempts by the level at which they were made, of all CPUs; levels without any are absent
 * @param perCpu the same by CPU and level; those without any are absent
 */
public record LockRow(
        LockIdentity identity, boolean internal, Map<ContextLevel, LockAttempts> contexts, List<CpuRow> perCpu) {

    /** The attempts of one CPU at one level. */
    public record CpuRow(int cpu, ContextLevel level, LockAttempts attempts) {}

    /** Returns the name for people: a global variable, map element and member, or map and kind of lock. */
    public String name() {
        return identity.text();
    }

    /** Returns a row for each lock that was tried to be taken at least once, as the counters are now. */
    public static List<LockRow> of(List<LockClass> classes, int cpus) {
        List<LockRow> rows = new ArrayList<>();
        for (LockClass lock : classes) {
            LockRow row = of(lock, cpus);
            if (!row.contexts.isEmpty()) {
                rows.add(row);
            }
        }
        return rows;
    }

    /**
     * Returns fewer rows, each of them the sum of those locks that get the same name.
     *
     * @param name the new name of a lock, by its name
     */
    public static List<LockRow> together(List<LockRow> rows, UnaryOperator<String> name) {
        Map<String, LockRow> sums = new LinkedHashMap<>();
        for (LockRow row : rows) {
            LockIdentity joint = row.identity.withText(name.apply(row.name()));
            LockRow sum = sums.computeIfAbsent(
                    joint.text(),
                    key -> new LockRow(joint, row.internal, new EnumMap<>(ContextLevel.class), List.of()));
            row.contexts.forEach((level, attempts) -> sum.contexts
                    .computeIfAbsent(level, key -> new LockAttempts())
                    .add(attempts));
        }
        return List.copyOf(sums.values());
    }

    private static LockRow of(LockClass lock, int cpus) {
        Map<ContextLevel, LockAttempts> contexts = new EnumMap<>(ContextLevel.class);
        List<CpuRow> perCpu = new ArrayList<>();
        for (ContextLevel level : ContextLevel.values()) {
            for (int cpu = 0; cpu < cpus; cpu++) {
                LockAttempts own = new LockAttempts();
                own.add(lock, cpu, level);
                if (own.total() > 0) {
                    contexts.computeIfAbsent(level, key -> new LockAttempts()).add(own);
                    perCpu.add(new CpuRow(cpu, level, own));
                }
            }
        }
        return new LockRow(lock.identity(), lock.isInternal(), contexts, List.copyOf(perCpu));
    }
}
