package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockRow;
import dev.spinbpf.vm.stress.ModeOptions;
import dev.spinbpf.vm.stress.ModeReport;
import dev.spinbpf.vm.stress.StressMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** The report that {@code spinbpf stress --mode} prints at the end. */
public final class ModeText {
    private final ModeReport report;
    private final Style style;
    private final StringBuilder out = new StringBuilder();

    private ModeText(ModeReport report, Style style) {
        this.report = report;
        this.style = style;
    }

    /**
     * The report.
     *
     * @param perCpu whether each lock's statistics are shown by CPU
     */
    public static String of(ModeReport report, boolean perCpu, Style style) {
        ModeText text = new ModeText(report, style);
        text.head();
        text.attempts();
        text.latency();
        text.out.append(LockTables.withoutWaits(text.shownLocks(perCpu), perCpu, style));
        text.checks();
        return text.out.toString();
    }

    private void head() {
        ModeOptions options = report.options();
        boolean torture = options.mode() == StressMode.TORTURE;
        String locks = options.algorithm().toString();
        out.append(String.format(
                Locale.ROOT,
                "%s: %d CPUs on %d processors, %.1f s, %s locks, critical sections of %s%s (in NMIs %s), seed %d%n",
                options.mode(),
                options.cpus(),
                report.realProcessors(),
                report.elapsedNanos() / 1e9,
                locks.equals("both") ? options.locks() + " queued and tas" : locks,
                torture ? "about " : "",
                Durations.of(options.normalDelay().toNanos()),
                Durations.of(options.nmiDelay().toNanos()),
                options.seed()));
        out.append("Interrupts delivered: ")
                .append(StressText.interrupts(report.interrupts()))
                .append('\n');
        if (options.cpus() > report.realProcessors()) {
            out.append(StressText.MORE_CPUS_THAN_PROCESSORS);
        }
    }

    private void attempts() {
        boolean oneLock = report.rows().stream().anyMatch(row -> !row.lock().isEmpty());
        List<String> titles = new ArrayList<>(List.of("CPU", "Context"));
        if (oneLock) {
            titles.add("Takes");
        }
        titles.addAll(List.of(">Attempts", ">Success", ">Failure", ">EDEADLK", ">ETIMEDOUT"));
        TextTable table = new TextTable(titles.toArray(String[]::new));
        for (ModeReport.Row row : report.rows()) {
            table.add(
                    cells(Integer.toString(row.cpu()), row.level().word(), oneLock ? row.lock() : null, List.of(row)));
        }
        for (ContextLevel level : ContextLevel.values()) {
            List<ModeReport.Row> rows =
                    report.rows().stream().filter(row -> row.level() == level).toList();
            if (rows.size() > 1) {
                table.add(cells("all", level.word(), oneLock ? "" : null, rows));
            }
        }
        table.add(cells("all", "all", oneLock ? "" : null, report.rows()));
        out.append('\n').append(table.render(style));
    }

    private static String[] cells(String cpu, String level, @Nullable String lock, List<ModeReport.Row> rows) {
        long deadlocks = sum(rows, ModeReport.Row::deadlocks);
        long timeouts = sum(rows, ModeReport.Row::timeouts);
        List<String> cells = new ArrayList<>(List.of(cpu, level));
        if (lock != null) {
            cells.add(lock);
        }
        cells.add(Long.toString(sum(rows, ModeReport.Row::attempts)));
        cells.add(Long.toString(sum(rows, ModeReport.Row::acquired)));
        cells.add(LockTables.orDot(deadlocks + timeouts));
        cells.add(LockTables.orDot(deadlocks));
        cells.add(LockTables.orDot(timeouts));
        return cells.toArray(String[]::new);
    }

    private static long sum(List<ModeReport.Row> rows, ToLongFunction<ModeReport.Row> what) {
        return rows.stream().mapToLong(what).sum();
    }

    private void latency() {
        List<String> titles = new ArrayList<>(List.of("Latency of CPU", "Context"));
        titles.addAll(LockTables.timeTitles());
        TextTable table = new TextTable(titles.toArray(String[]::new));
        for (ModeReport.Row row : report.rows()) {
            List<String> cells = new ArrayList<>(
                    List.of(Integer.toString(row.cpu()), row.level().word()));
            cells.addAll(LockTables.timeCells(row.latency()));
            table.add(cells.toArray(String[]::new));
        }
        out.append('\n').append(table.render(style));
    }

    /** Many locks of one kind are shown together unless each CPU is asked for. */
    private List<LockRow> shownLocks(boolean perCpu) {
        boolean together = report.options().mode() == StressMode.TORTURE && !perCpu;
        return together
                ? LockRow.together(report.locks(), name -> name.substring(0, name.lastIndexOf('_')) + " locks")
                : report.locks();
    }

    private void checks() {
        long attempts = sum(report.rows(), ModeReport.Row::attempts);
        long acquired = sum(report.rows(), ModeReport.Row::acquired);
        long failed = sum(report.rows(), ModeReport.Row::deadlocks) + sum(report.rows(), ModeReport.Row::timeouts);
        out.append(
                String.format(Locale.ROOT, "%n%d attempts = %d successes + %d failures. ", attempts, acquired, failed));
        if (report.isGood()) {
            out.append(
                            style.good(
                                    "Mutual exclusion held, protected counters and balances are exact, nothing is left behind."))
                    .append('\n');
            return;
        }
        out.append(style.bad(report.violations() + " violations:")).append('\n');
        report.firstViolations()
                .forEach(violation -> out.append("  ").append(violation).append('\n'));
        report.stuck().forEach(stuck -> out.append("  ").append(stuck).append('\n'));
    }
}
