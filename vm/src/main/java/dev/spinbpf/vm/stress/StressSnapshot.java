package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Reads a machine's counters into the rows of a report. */
final class StressSnapshot {
    private StressSnapshot() {}

    static List<StressReport.ProgramRow> programs(Map<LoadedProgram, HookTarget> programs) {
        List<StressReport.ProgramRow> rows = new ArrayList<>();
        programs.forEach((loaded, target) -> {
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
                    target.name(),
                    runs,
                    stats.results(),
                    stats.otherResults(),
                    stats.insns()));
        });
        return rows;
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
