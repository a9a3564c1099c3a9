package dev.spinbpf.vm.stress;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.cpu.Cpu;
import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.maps.map.MapResult;
import dev.spinbpf.maps.map.RingBufferMap;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.context.ProgramStats;
import dev.spinbpf.vm.hook.HookTarget;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Reads a machine's counters into the rows of a report. */
final class StressSnapshot {
    private static final String RESERVE = "reserve";
    private static final String NULL = "NULL";
    private static final String NOT_LOCKED = "the lock inside was not taken";

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

    static List<StressReport.FailureRow> failures(Machine machine) {
        List<StressReport.FailureRow> rows = new ArrayList<>();
        for (BpfMap map : machine.maps()) {
            if (map instanceof RingBufferMap buffer) {
                add(rows, map, RESERVE, NULL, "the buffer was full", buffer.droppedFull());
                add(rows, map, RESERVE, NULL, NOT_LOCKED, buffer.droppedNotLocked());
                add(rows, map, RESERVE, NULL, "larger than the buffer", buffer.droppedTooLarge());
            }
            for (MapOperation operation : MapOperation.values()) {
                for (MapResult result : MapResult.values()) {
                    if (result != MapResult.OK && result != MapResult.ENOENT) {
                        long notLocked = map.stats().countOfLockFailures(operation, result);
                        long times = map.stats().count(operation, result) - notLocked;
                        add(rows, map, operation.word(), result.name(), NOT_LOCKED, notLocked);
                        add(rows, map, operation.word(), result.name(), reason(map.type(), result), times);
                    }
                }
            }
        }
        long allocations = machine.failedAllocations();
        if (allocations > 0) {
            rows.add(new StressReport.FailureRow("", "allocate", NULL, "no memory was left", allocations));
        }
        return rows;
    }

    private static void add(
            List<StressReport.FailureRow> rows,
            BpfMap map,
            String operation,
            String result,
            String reason,
            long times) {
        if (times > 0) {
            rows.add(new StressReport.FailureRow(map.name(), operation, result, reason, times));
        }
    }

    /** Returns the cause of an error that no lock inside the map is behind, unless the error is a lock's own. */
    private static String reason(MapType type, MapResult result) {
        return switch (result) {
            case EDEADLK, ETIMEDOUT -> NOT_LOCKED;
            case E2BIG -> isFilled(type) ? "the map was full" : "no such index, or too large";
            case ENOMEM -> "no element was left";
            case EBUSY -> "in use already";
            default -> "";
        };
    }

    private static boolean isFilled(MapType type) {
        return switch (type) {
            case HASH,
                    PERCPU_HASH,
                    LRU_HASH,
                    LRU_PERCPU_HASH,
                    HASH_OF_MAPS,
                    RHASH,
                    QUEUE,
                    STACK,
                    SOCKHASH,
                    DEVMAP_HASH -> true;
            default -> false;
        };
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
