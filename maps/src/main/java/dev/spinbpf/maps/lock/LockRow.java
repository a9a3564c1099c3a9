package dev.spinbpf.maps.lock;

import dev.spinbpf.maps.cpu.ContextLevel;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * What became of the attempts to take a lock, or one of the locks inside a map.
 *
 * @param name its name: a global variable, map element and member, or map and kind of lock
 * @param internal whether the runtime takes it for itself, inside a map
 * @param contexts attempts by the level at which they were made, of all CPUs; levels without any are absent
 * @param perCpu the same by CPU and level; those without any are absent
 */
public record LockRow(String name, boolean internal, Map<ContextLevel, LockAttempts> contexts, List<CpuRow> perCpu) {

    /** LockAttempts of one CPU at one level. */
    public record CpuRow(int cpu, ContextLevel level, LockAttempts attempts) {}

    /** The rows of all locks that anybody tried to take, as their counters are now. */
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
     * Fewer rows, each for the locks that get the same name.
     *
     * @param name the new name of a lock, by its name
     */
    public static List<LockRow> together(List<LockRow> rows, UnaryOperator<String> name) {
        Map<String, Map<ContextLevel, LockAttempts>> sums = new LinkedHashMap<>();
        Map<String, LockRow> firsts = new HashMap<>();
        for (LockRow row : rows) {
            String newName = name.apply(row.name);
            firsts.putIfAbsent(newName, row);
            var contexts = sums.computeIfAbsent(newName, key -> new EnumMap<>(ContextLevel.class));
            row.contexts.forEach((level, attempts) -> contexts.merge(level, attempts, LockAttempts::plus));
        }
        List<LockRow> together = new ArrayList<>();
        sums.forEach((newName, contexts) -> together.add(
                new LockRow(newName, Objects.requireNonNull(firsts.get(newName)).internal, contexts, List.of())));
        return together;
    }

    private static LockRow of(LockClass lock, int cpus) {
        Map<ContextLevel, LockAttempts> contexts = new EnumMap<>(ContextLevel.class);
        List<CpuRow> perCpu = new ArrayList<>();
        for (ContextLevel level : ContextLevel.values()) {
            Sum sum = new Sum();
            for (int cpu = 0; cpu < cpus; cpu++) {
                Sum own = new Sum();
                own.add(lock, cpu, level);
                if (!own.outcomes.isEmpty()) {
                    sum.add(own);
                    perCpu.add(new CpuRow(cpu, level, own.attempts()));
                }
            }
            if (!sum.outcomes.isEmpty()) {
                contexts.put(level, sum.attempts());
            }
        }
        return new LockRow(lock.name(), lock.isInternal(), contexts, List.copyOf(perCpu));
    }

    /** LockAttempts that are being added up. */
    private static final class Sum {
        private final Map<LockOutcome, Long> outcomes = new EnumMap<>(LockOutcome.class);
        private final TimeHistogram waits = new TimeHistogram();
        private final TimeHistogram holds = new TimeHistogram();
        private int deepestNesting;

        void add(LockClass lock, int cpu, ContextLevel level) {
            for (LockOutcome outcome : LockOutcome.values()) {
                long count = lock.count(cpu, level, outcome);
                if (count > 0) {
                    outcomes.put(outcome, count);
                }
            }
            if (!outcomes.isEmpty()) {
                waits.addAll(lock.waitTimes(cpu, level));
                holds.addAll(lock.heldTimes(cpu, level));
                deepestNesting = lock.deepestNesting(cpu, level);
            }
        }

        void add(Sum other) {
            other.outcomes.forEach((outcome, count) -> outcomes.merge(outcome, count, Long::sum));
            waits.addAll(other.waits);
            holds.addAll(other.holds);
            deepestNesting = Math.max(deepestNesting, other.deepestNesting);
        }

        LockAttempts attempts() {
            return new LockAttempts(outcomes, deepestNesting, WaitTimes.of(waits), WaitTimes.of(holds));
        }
    }
}
