package dev.spinbpf.tools.metrics;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.stress.ModeReport;
import dev.spinbpf.vm.stress.StressReport;
import java.util.List;
import java.util.Map;

/**
 * The state of a run so far, for metrics.
 *
 * @param cpus emulated CPUs
 * @param realProcessors processors of the machine that emulates them
 * @param programs the programs that run; none in a run without programs
 * @param locks the locks
 * @param interrupts interrupts delivered, by level
 * @param violations how often something happened that must not
 */
public record Activity(
        int cpus,
        int realProcessors,
        List<StressReport.ProgramRow> programs,
        List<LockRow> locks,
        Map<ContextLevel, Long> interrupts,
        long violations) {

    /** Of a run of programs. */
    public static Activity of(StressReport report) {
        return new Activity(
                report.cpus(),
                report.realProcessors(),
                report.programs(),
                report.locks(),
                report.interrupts(),
                report.stuckCpus().size());
    }

    /** Of a run without programs. */
    public static Activity of(ModeReport report) {
        return new Activity(
                report.options().cpus(),
                report.realProcessors(),
                List.of(),
                report.locks(),
                report.interrupts(),
                report.violations() + report.stuck().size());
    }
}
