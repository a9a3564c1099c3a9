package dev.spinbpf.vm;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.lock.LockClass;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.maps.lock.WaitTimes;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import dev.spinbpf.vm.hook.HookTable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Reads a machine's counters into the rows of a report. */
final class StressSnapshot {
    private StressSnapshot() {}

    static List<StressReport.ProgramRow> programs(List<LoadedProgram> programs) {
        List<StressReport.ProgramRow> rows = new ArrayList<>();
        for (LoadedProgram loaded : programs) {
            Program program = loaded.program();
            ProgramStats stats = loaded.stats();
            Map<ContextLevel, StressReport.Runs> runs = new EnumMap<>(ContextLevel.class);
            for (ContextLevel level : ContextLevel.values()) {
                StressReport.Runs row =
                        new StressReport.Runs(stats.runs(level), stats.misses(level), stats.faults(level));
                if (row.ended() + row.misses() + row.faults() > 0) {
                    runs.put(level, row);
                }
            }
            rows.add(new StressReport.ProgramRow(
                    program.name(),
                    program.section(),
                    program.type().display(),
                    HookTable.of(program).name(),
                    runs,
                    stats.results(),
                    stats.otherResults(),
                    stats.insns()));
        }
        return rows;
    }

    static List<StressReport.LockRow> locks(List<LockClass> classes) {
        List<StressReport.LockRow> rows = new ArrayList<>();
        for (LockClass lock : classes) {
            Map<ContextLevel, StressReport.Attempts> contexts = new EnumMap<>(ContextLevel.class);
            for (ContextLevel level : ContextLevel.values()) {
                StressReport.Attempts attempts = attempts(lock, level);
                if (!attempts.outcomes().isEmpty()) {
                    contexts.put(level, attempts);
                }
            }
            if (!contexts.isEmpty()) {
                rows.add(new StressReport.LockRow(lock.name(), lock.isInternal(), contexts));
            }
        }
        return rows;
    }

    private static StressReport.Attempts attempts(LockClass lock, ContextLevel level) {
        Map<LockOutcome, Long> outcomes = new EnumMap<>(LockOutcome.class);
        for (LockOutcome outcome : LockOutcome.values()) {
            long count = lock.count(level, outcome);
            if (count > 0) {
                outcomes.put(outcome, count);
            }
        }
        WaitTimes times = lock.waitTimes(level);
        List<StressReport.WaitBucket> buckets = new ArrayList<>();
        times.forEachBucket((bound, count) -> buckets.add(new StressReport.WaitBucket(bound, count)));
        return new StressReport.Attempts(
                outcomes,
                buckets,
                times.totalNanos(),
                times.maxNanos(),
                times.percentileNanos(50),
                times.percentileNanos(99));
    }

    static Map<ContextLevel, Long> interrupts(List<Cpu> cpus) {
        Map<ContextLevel, Long> delivered = new EnumMap<>(ContextLevel.class);
        for (ContextLevel level : ContextLevel.values()) {
            if (level != ContextLevel.TASK) {
                delivered.put(
                        level,
                        cpus.stream().mapToLong(cpu -> cpu.delivered(level)).sum());
            }
        }
        return delivered;
    }
}
