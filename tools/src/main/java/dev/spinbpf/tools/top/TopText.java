package dev.spinbpf.tools.top;

import dev.spinbpf.tools.report.Durations;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A view as lines. */
public final class TopText {
    /** Lines of a screen that are no rows: the first one, and for each table its titles and the line before it. */
    private static final int FIXED_LINES = 7;

    private static final String KEYS = "q quit  s sort  f failed/s  r failed %  a attempts/s  w wait  n name";
    private static final double PERCENT = 100;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private TopText() {}

    /** Returns all lines, as wide and as many as they are. */
    public static List<String> lines(TopView view, TopOrder order) {
        return lines(view, order, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    /**
     * Returns the lines of a screen: CPUs whole, then programs and locks as far as there is room, the locks first in the
     * order first.
     *
     * @param width characters of a line, at least 1; longer lines end in {@code >}
     * @param height lines, at least 1
     */
    public static List<String> screen(TopView view, TopOrder order, int width, int height) {
        List<String> lines = new ArrayList<>(lines(view, order, width, height - 1));
        while (lines.size() > Math.max(0, height - 1)) {
            lines.removeLast();
        }
        while (lines.size() < height - 1) {
            lines.add("");
        }
        lines.add(cut(KEYS, width));
        return lines;
    }

    private static List<String> lines(TopView view, TopOrder order, int width, int height) {
        int rows = Math.max(0, height - FIXED_LINES - view.cpus().size());
        int programRows = Math.min(view.programs().size(), rows / 2);
        int lockRows = Math.min(view.locks().size(), rows - programRows);
        programRows = Math.min(view.programs().size(), rows - lockRows);
        List<String> lines = new ArrayList<>();
        lines.add("spinbpf top  " + Printable.line(view.source()) + "  " + Printable.line(view.state()) + ' '
                + Durations.of(view.elapsedMillis() * NANOS_PER_MILLI) + "  by "
                + order.name().toLowerCase(Locale.ROOT));
        add(lines, locks(view, order, lockRows));
        add(lines, programs(view, programRows));
        add(lines, cpus(view));
        return lines.stream().map(line -> cut(line, width)).toList();
    }

    private static void add(List<String> lines, TextTable table) {
        lines.add("");
        table.render(Style.PLAIN).lines().forEach(lines::add);
    }

    private static String cut(String line, int width) {
        return line.length() <= width ? line : line.substring(0, width - 1) + '>';
    }

    private static TextTable locks(TopView view, TopOrder order, int most) {
        TextTable table = new TextTable(
                "Lock",
                ">Attempts/s",
                ">Failed/s",
                ">Failed",
                ">AA/s",
                ">ABBA/s",
                ">Timeout/s",
                ">Wait p99",
                "Held by",
                "Wanted by");
        view.locks().stream().sorted(order.comparator()).limit(most).forEach(lock -> {
            Map<String, Double> failures = lock.failuresPerSecond();
            table.add(
                    lock.name(),
                    rate(lock.attemptsPerSecond()),
                    rate(lock.failedPerSecond()),
                    String.format(Locale.ROOT, "%.1f %%", lock.failedShare() * PERCENT),
                    rate(failures.getOrDefault("aa", 0.0)),
                    rate(failures.getOrDefault("abba", 0.0)),
                    rate(failures.getOrDefault("timeout", 0.0)),
                    lock.waitP99Nanos() == 0 ? "-" : Durations.of(lock.waitP99Nanos()),
                    joined(lock.holders()),
                    joined(lock.waiters()));
        });
        return table;
    }

    private static TextTable programs(TopView view, int most) {
        TextTable table = new TextTable("Object", "Program", "Hook", ">Runs/s", ">Misses/s", ">Faults");
        view.programs().stream()
                .limit(most)
                .forEach(program -> table.add(
                        program.object(),
                        program.name(),
                        program.hook().isEmpty() ? "-" : program.hook(),
                        rate(program.runsPerSecond()),
                        rate(program.missesPerSecond()),
                        Long.toString(program.faults())));
        return table;
    }

    private static TextTable cpus(TopView view) {
        TextTable table = new TextTable("CPU", "Context", ">Interrupts/s", "Pending", "Masked", "Running");
        for (TopView.Cpu cpu : view.cpus()) {
            table.add(
                    Integer.toString(cpu.number()),
                    cpu.context(),
                    rate(cpu.interruptsPerSecond()),
                    joined(cpu.pending()),
                    joined(cpu.masked()),
                    cpu.running().isEmpty() ? "-" : String.join(" > ", cpu.running()));
        }
        return table;
    }

    private static String joined(List<String> words) {
        return words.isEmpty() ? "-" : String.join(", ", words);
    }

    /** A rate with three digits or more. */
    private static String rate(double perSecond) {
        return perSecond == 0 ? "0" : String.format(Locale.ROOT, perSecond < 10 ? "%.2f" : "%.0f", perSecond);
    }

    /** Returns the view as JSON on one line, ended by a line feed. */
    public static String json(TopView view, TopOrder order) {
        JsonText json = new JsonText(false, false).begin('{');
        json.name("source").string(view.source());
        json.name("state").string(view.state());
        json.name("elapsed_ms").number(view.elapsedMillis());
        json.name("locks").begin('[');
        view.locks().stream().sorted(order.comparator()).forEach(lock -> lock(json, lock));
        json.end(']').name("programs").begin('[');
        for (TopView.Program program : view.programs()) {
            json.begin('{').name("object").string(program.object());
            json.name("program").string(program.name());
            json.name("hook").string(program.hook());
            json.name("runs_per_second").raw(number(program.runsPerSecond()));
            json.name("misses_per_second").raw(number(program.missesPerSecond()));
            json.name("faults").number(program.faults()).end('}');
        }
        json.end(']').name("cpus").begin('[');
        for (TopView.Cpu cpu : view.cpus()) {
            json.begin('{').name("cpu").number(cpu.number());
            json.name("context").string(cpu.context());
            json.name("interrupts_per_second").raw(number(cpu.interruptsPerSecond()));
            texts(json, "pending", cpu.pending());
            texts(json, "masked", cpu.masked());
            texts(json, "running", cpu.running());
            json.end('}');
        }
        return json.end(']').end('}').text();
    }

    private static void lock(JsonText json, TopView.Lock lock) {
        json.begin('{').name("lock").string(lock.name());
        json.name("attempts_per_second").raw(number(lock.attemptsPerSecond()));
        json.name("failed_per_second").raw(number(lock.failedPerSecond()));
        json.name("failed_share").raw(number(lock.failedShare()));
        new TreeMap<>(lock.failuresPerSecond())
                .forEach((reason, rate) -> json.name(reason + "_per_second").raw(number(rate)));
        json.name("wait_p99_ns").number(lock.waitP99Nanos());
        texts(json, "holders", lock.holders());
        texts(json, "waiters", lock.waiters());
        json.end('}');
    }

    private static void texts(JsonText json, String name, List<String> texts) {
        json.name(name).begin('[');
        texts.forEach(json::string);
        json.end(']');
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.4f", value);
    }
}
