package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.maps.lock.LockOutcome;
import dev.spinbpf.vm.StressReport;
import dev.spinbpf.vm.exec.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What {@code spinbpf stress} prints at the end. */
public final class StressText {
    private static final long[] WAIT_BOUNDS_NANOS = {
        1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
    };
    private static final int MOST_RESULTS_SHOWN = 4;

    private final Style style;
    private final StringBuilder out = new StringBuilder();

    private StressText(Style style) {
        this.style = style;
    }

    /**
     * The report.
     *
     * @param fileName the object
     * @param report what happened
     * @param notAttached programs that did not take part, and why
     */
    public static String of(String fileName, StressReport report, List<NotAttached> notAttached, Style style) {
        StressText text = new StressText(style);
        text.head(fileName, report);
        text.notAttached(notAttached);
        text.programs(report.programs());
        text.locks(report.locks());
        text.waits(report.locks());
        text.troubles(report);
        return text.out.toString();
    }

    private void head(String fileName, StressReport report) {
        out.append(String.format(
                Locale.ROOT,
                "%s: %d CPUs on %d processors, %.1f s, seed %d%n",
                fileName,
                report.cpus(),
                report.realProcessors(),
                report.elapsedNanos() / 1e9,
                report.seed()));
        String interrupts = report.interrupts().entrySet().stream()
                .map(entry -> entry.getValue() + " " + level(entry.getKey()))
                .collect(Collectors.joining(", "));
        out.append("Interrupts delivered: ").append(interrupts).append('\n');
        if (report.cpus() > report.realProcessors()) {
            out.append("More CPUs than processors: holders of locks are preempted, so that some timeouts are real.\n");
        }
    }

    private void notAttached(List<NotAttached> programs) {
        for (NotAttached program : programs) {
            out.append('\n')
                    .append(style.bold(program.name()))
                    .append(" (")
                    .append(program.section())
                    .append("): ")
                    .append(style.bad(program.reason()))
                    .append('\n');
            program.explanation()
                    .lines()
                    .forEach(line -> out.append("  ").append(line).append('\n'));
        }
    }

    private void programs(List<StressReport.ProgramRow> programs) {
        TextTable table =
                new TextTable("Program", "Section", "Context", ">Runs", ">Missed", ">Faults", "Returned (times)");
        for (StressReport.ProgramRow program : programs) {
            String results = results(program);
            if (program.runs().isEmpty()) {
                table.add(program.name(), program.section(), "-", "0", "0", "0", "");
            }
            program.runs()
                    .forEach((level, runs) -> table.add(
                            program.name(),
                            program.section(),
                            level(level),
                            Long.toString(runs.ended()),
                            Long.toString(runs.misses()),
                            Long.toString(runs.faults()),
                            results));
        }
        out.append('\n').append(table.render(style));
    }

    private static String results(StressReport.ProgramRow program) {
        List<Map.Entry<Long, Long>> sorted = program.results().entrySet().stream()
                .sorted(Map.Entry.<Long, Long>comparingByValue().reversed())
                .toList();
        String shown = sorted.stream()
                .limit(MOST_RESULTS_SHOWN)
                .map(entry -> entry.getKey().intValue() + " (" + entry.getValue() + ")")
                .collect(Collectors.joining(" "));
        boolean more = sorted.size() > MOST_RESULTS_SHOWN || program.otherResults() > 0;
        return more ? shown + " ..." : shown;
    }

    private void locks(List<StressReport.LockRow> locks) {
        TextTable table = new TextTable(
                "Lock", "Context", ">Acquired", ">fast", ">pending", ">queued", ">AA", ">ABBA", ">Timeout", ">No node");
        for (StressReport.LockRow lock : locks) {
            lock.contexts()
                    .forEach((level, attempts) -> table.add(
                            lock.name(),
                            level(level),
                            Long.toString(attempts.acquired()),
                            Long.toString(attempts.count(LockOutcome.FAST)),
                            Long.toString(attempts.count(LockOutcome.PENDING)),
                            Long.toString(attempts.count(LockOutcome.QUEUED) + attempts.count(LockOutcome.TRYLOCK)),
                            Long.toString(attempts.count(LockOutcome.AA)),
                            Long.toString(attempts.count(LockOutcome.ABBA)),
                            Long.toString(attempts.count(LockOutcome.TIMEOUT)),
                            Long.toString(attempts.count(LockOutcome.NO_NODE))));
        }
        out.append('\n').append(table.isEmpty() ? "No lock was taken.\n" : table.render(style));
    }

    private void waits(List<StressReport.LockRow> locks) {
        List<String> titles = new ArrayList<>(List.of("Waits for", "Context", ">Median", ">99 %", ">Longest"));
        for (long bound : WAIT_BOUNDS_NANOS) {
            titles.add(">< " + Durations.round(bound));
        }
        titles.add(">more");
        TextTable table = new TextTable(titles.toArray(String[]::new));
        for (StressReport.LockRow lock : locks) {
            lock.contexts().forEach((level, attempts) -> {
                if (!attempts.waits().isEmpty()) {
                    table.add(waitCells(lock.name(), level, attempts));
                }
            });
        }
        if (!table.isEmpty()) {
            out.append('\n').append(table.render(style));
        }
    }

    private static String[] waitCells(String lock, ContextLevel level, StressReport.Attempts attempts) {
        List<String> cells = new ArrayList<>(List.of(
                lock,
                level(level),
                Durations.of(attempts.p50WaitNanos()),
                Durations.of(attempts.p99WaitNanos()),
                Durations.of(attempts.maxWaitNanos())));
        for (long count : attempts.waitsBelow(WAIT_BOUNDS_NANOS)) {
            cells.add(count == 0 ? "." : Long.toString(count));
        }
        return cells.toArray(String[]::new);
    }

    private void troubles(StressReport report) {
        for (Fault fault : report.faults()) {
            out.append('\n').append(style.bad("Fault")).append(" in ").append(fault.describe());
        }
        report.stuckCpus()
                .forEach(stuck -> out.append('\n').append(style.bad(stuck)).append('\n'));
    }

    static String level(ContextLevel level) {
        return level.name().toLowerCase(Locale.ROOT);
    }

    /**
     * A program that did not take part.
     *
     * @param reason the verifier's message, or why it could not be attached
     * @param explanation the reason in plain words, may be empty
     */
    public record NotAttached(String name, String section, boolean refused, String reason, String explanation) {}
}
