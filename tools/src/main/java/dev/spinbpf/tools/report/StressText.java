package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.vm.ProgramOutput;
import dev.spinbpf.vm.exec.Fault;
import dev.spinbpf.vm.stress.PromiseRow;
import dev.spinbpf.vm.stress.StressReport;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The report that {@code spinbpf stress} prints at the end. */
public final class StressText {
    static final String MORE_CPUS_THAN_PROCESSORS =
            "More CPUs than processors: holders of locks are preempted, so that some timeouts are real.\n";
    private static final int MOST_RESULTS_SHOWN = 4;
    private static final int MOST_LINES_OF_A_STREAM = 24;

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
     * @param perCpu whether locks are shown by CPU too
     */
    public static String of(
            String fileName, StressReport report, List<NotAttached> notAttached, boolean perCpu, Style style) {
        StressText text = new StressText(style);
        text.head(fileName, report);
        text.notAttached(notAttached);
        text.programs(report.programs());
        text.events(report.events());
        text.out.append(DeferredTables.of(report.deferred(), style));
        if (!report.programs().isEmpty()) {
            text.out.append(LockTables.of(report.locks(), perCpu, style));
        }
        text.failures(report.failures());
        text.outputs(report.outputs());
        text.out.append(DeadlockText.waits(report.waits(), style));
        text.promises(report.promises());
        text.troubles(report);
        text.out.append(DeadlockText.of(report.deadlock(), style));
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
        out.append("Interrupts delivered: ")
                .append(interrupts(report.interrupts()))
                .append('\n');
        if (report.cpus() > report.realProcessors()) {
            out.append(MORE_CPUS_THAN_PROCESSORS);
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
        if (programs.isEmpty()) {
            out.append("\nNo program was attached, so that nothing ran.\n");
            return;
        }
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
                            level.word(),
                            Long.toString(runs.ended()),
                            Long.toString(runs.misses()),
                            Long.toString(runs.faults()),
                            results));
        }
        out.append('\n').append(table.render(style));
    }

    /** Events by the clock: how many were to come, and how many of them came too late to be more than one. */
    private void events(List<StressReport.EventRow> events) {
        if (events.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Hook", "Context", ">Every", ">Due", ">Taken", ">Merged", "Programs");
        for (StressReport.EventRow row : events) {
            table.add(
                    row.hook(),
                    row.level().word(),
                    Durations.of(row.pacing().meanNanos()),
                    Long.toString(row.planned()),
                    Long.toString(row.taken()),
                    Long.toString(row.planned() - row.taken()),
                    String.join(", ", row.programs()));
        }
        out.append('\n').append(table.render(style));
    }

    private static String results(StressReport.ProgramRow program) {
        List<Map.Entry<Long, Long>> sorted = program.results().entrySet().stream()
                .sorted(Map.Entry.<Long, Long>comparingByValue().reversed())
                .toList();
        String shown = sorted.stream()
                .limit(MOST_RESULTS_SHOWN)
                .map(entry -> r0(entry.getKey().intValue()) + " (" + entry.getValue() + ")")
                .collect(Collectors.joining(" "));
        boolean more = sorted.size() > MOST_RESULTS_SHOWN || program.otherResults() > 0;
        return more ? shown + " ..." : shown;
    }

    /** Returns a result with the name of the error that it is; -1 is one of many things. */
    private static String r0(int result) {
        String name = errorName(result);
        return name.isEmpty() ? Integer.toString(result) : result + " " + name;
    }

    /** Returns the name of an error that a program returned, {@code EDEADLK}; empty for what is none, or has no name. */
    static String errorName(int result) {
        String name = result < -1 ? Errno.name(result) : "";
        return name.startsWith("E") ? name : "";
    }

    private void failures(List<StressReport.FailureRow> failures) {
        if (failures.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Map", "Failed operation", "Result", ">Times", "Reason");
        for (StressReport.FailureRow row : failures) {
            String map = row.map().isEmpty() ? "(objects)" : row.map();
            table.add(map, row.operation(), row.result(), Long.toString(row.times()), row.reason());
        }
        out.append('\n').append(table.render(style));
    }

    private void outputs(List<ProgramOutput> outputs) {
        for (ProgramOutput output : outputs) {
            String program = output.program();
            out.append(StreamText.of(
                    "stdout of " + program, output.out(), output.outDropped(), MOST_LINES_OF_A_STREAM, style));
            out.append(StreamText.of(
                    "stderr of " + program, output.err(), output.errDropped(), MOST_LINES_OF_A_STREAM, style));
        }
    }

    private void promises(List<PromiseRow> promises) {
        if (promises.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Promise", "Outcome", "With");
        promises.forEach(row -> table.add(row.text(), row.outcome().word(), row.values()));
        out.append('\n').append(table.render(style));
    }

    private void troubles(StressReport report) {
        for (Fault fault : report.faults()) {
            out.append('\n').append(style.bad("Fault")).append(" in ").append(fault.describe());
        }
        report.stuckCpus()
                .forEach(stuck -> out.append('\n').append(style.bad(stuck)).append('\n'));
    }

    static String interrupts(Map<ContextLevel, Long> interrupts) {
        return interrupts.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey().word())
                .collect(Collectors.joining(", "));
    }

    /**
     * A program that did not take part.
     *
     * @param reason the verifier's message, or why it could not be attached
     * @param explanation the reason in plain words, may be empty
     */
    public record NotAttached(String name, String section, boolean refused, String reason, String explanation) {}
}
