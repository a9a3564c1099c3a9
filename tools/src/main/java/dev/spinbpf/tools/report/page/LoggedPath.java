package dev.spinbpf.tools.report.page;

import dev.spinbpf.verifier.refusal.Explanation.Holding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The path that led to a refusal, read from the verifier's log, whose form is Linux's: a line an instruction with the registers
 * that it changed, before it the source line where that is another.
 */
final class LoggedPath {
    /** Most steps that are kept, the last ones. */
    static final int MOST_STEPS = 2000;

    private static final Pattern SOURCE = Pattern.compile("; (.*) @ (\\S+):(\\d+)");
    private static final Pattern INSN = Pattern.compile("(\\d{1,9}): \\(([0-9a-f]{2})\\) (.*?)(?:\\s*;\\s?(.*))?");
    private static final Pattern ENTRY = Pattern.compile("(\\d{1,9}): (R\\d.*)");
    private static final Pattern BRANCH = Pattern.compile("from (\\d{1,9}) to (\\d{1,9}).*?: (.*)");
    private static final String SUMMARY = "processed ";

    private final Map<String, List<String>> holdings = new HashMap<>();
    private final Map<Integer, Integer> times = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private List<String> held = List.of();
    private String place = "";
    private String source = "";
    private int leftOut;

    /**
     * A step.
     *
     * @param insn the slot of the instruction; -1 for a line that is none
     * @param text the instruction, or the line
     * @param state the registers and stack slots that it changed, as the log has them; may be empty
     * @param held what the program holds afterwards
     * @param place the source line, {@code file.c:12}; empty if it is not known
     * @param source the text of that line
     */
    record Step(int insn, String text, String state, List<String> held, String place, String source) {}

    private LoggedPath(List<Holding> holdings) {
        for (Holding holding : holdings) {
            this.holdings.put(holding.insn() + "/" + holding.time(), holding.held());
        }
    }

    /** Reads a log. */
    static LoggedPath of(String log, List<Holding> holdings) {
        var path = new LoggedPath(holdings);
        log.lines().forEach(path::add);
        return path;
    }

    List<Step> steps() {
        return steps;
    }

    /** Returns how many steps came before the first that is kept. */
    int leftOut() {
        return leftOut;
    }

    private void add(String line) {
        if (line.isBlank() || line.startsWith(SUMMARY)) {
            return;
        }
        Matcher at = SOURCE.matcher(line);
        if (at.matches()) {
            source = at.group(1);
            place = at.group(2) + ":" + at.group(3);
            return;
        }
        Matcher insn = INSN.matcher(line);
        Matcher entry = ENTRY.matcher(line);
        Matcher branch = BRANCH.matcher(line);
        if (insn.matches()) {
            int slot = Integer.parseInt(insn.group(1));
            String state = insn.group(4) == null ? "" : insn.group(4);
            held = holdings.getOrDefault(slot + "/" + times.merge(slot, 1, Integer::sum), held);
            keep(new Step(slot, insn.group(3), state, held, place, source));
        } else if (entry.matches()) {
            keep(new Step(-1, "at entry", entry.group(2), held, "", ""));
        } else if (branch.matches()) {
            String jump = "from " + branch.group(1) + " to " + branch.group(2);
            keep(new Step(-1, jump, branch.group(3), held, "", ""));
        } else {
            keep(new Step(-1, line, "", held, "", ""));
        }
    }

    private void keep(Step step) {
        if (steps.size() == MOST_STEPS) {
            steps.removeFirst();
            leftOut++;
        }
        steps.add(step);
    }
}
