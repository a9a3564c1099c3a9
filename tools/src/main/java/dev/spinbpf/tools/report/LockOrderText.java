package dev.spinbpf.tools.report;

import dev.spinbpf.maps.cpu.ContextLevel;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.vm.order.LockNode;
import dev.spinbpf.vm.order.LockOrder;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.order.LockStep;
import dev.spinbpf.vm.order.LockTaker;
import dev.spinbpf.vm.order.LockWay;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The order of locks as text. Long lists are cut, and say so; JSON has all. */
public final class LockOrderText {
    private static final int MOST_LOCKS = 100;
    private static final int MOST_STEPS = 100;
    private static final int MOST_PREDICTIONS = 20;
    private static final int MOST_LEFT = 20;

    private final LockOrderReport report;
    private final Style style;
    private final StringBuilder text = new StringBuilder();

    private LockOrderText(LockOrderReport report, Style style) {
        this.report = report;
        this.style = style;
    }

    /** Returns the report, each line ended by a line feed. */
    public static String of(LockOrderReport report, Style style) {
        return new LockOrderText(report, style).text();
    }

    private String text() {
        LockOrder order = report.order();
        locks(order.locks());
        steps(order.steps());
        List<LockPrediction> predictions = order.predictions();
        for (int i = 0; i < Math.min(MOST_PREDICTIONS, predictions.size()); i++) {
            prediction(i + 1, predictions.get(i));
        }
        cut(predictions.size(), MOST_PREDICTIONS, "predictions");
        report.left().stream().limit(MOST_LEFT).forEach(one -> line("", "Not looked at: " + one));
        cut(report.left().size(), MOST_LEFT, "programs that were not looked at");
        line("", summary());
        return text.toString();
    }

    private void line(String indent, String words) {
        text.append(indent).append(Printable.line(words)).append('\n');
    }

    private void cut(int count, int most, String what) {
        if (count > most) {
            line("", "... and " + (count - most) + " more " + what + " (--json lists all)\n");
        }
    }

    private void locks(List<LockOrder.Row> rows) {
        if (rows.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Lock", "Taken in");
        rows.stream().limit(MOST_LOCKS).forEach(row -> table.add(row.lock().name(), String.join("; ", row.contexts())));
        text.append(table.render(style));
        cut(rows.size(), MOST_LOCKS, "locks");
        text.append('\n');
    }

    private void steps(List<LockStep> steps) {
        if (steps.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("Held", "Wanted", "By", "Held since", "Wanted at");
        steps.stream()
                .limit(MOST_STEPS)
                .forEach(step -> table.add(
                        step.held().name(),
                        step.wanted().name(),
                        who(step.taker().by()),
                        place(step.holder()),
                        place(step.taker())));
        text.append(table.render(style));
        cut(steps.size(), MOST_STEPS, "pairs");
        text.append('\n');
    }

    private static String who(LockTaker taker) {
        return taker.program() + " (" + taker.where() + ")";
    }

    private static String place(LockWay way) {
        Location at = way.at();
        return at.hasLine() ? at.text().substring(0, at.text().indexOf(" (")) : at.text();
    }

    private void prediction(int number, LockPrediction prediction) {
        text.append(style.bold(number + ". " + Printable.line(title(prediction))))
                .append('\n');
        for (LockStep step : prediction.steps()) {
            step(step);
        }
        line("   ", "Then: " + outcome(prediction));
        line("   ", "Mend: " + remedy(prediction));
        text.append('\n');
    }

    /** The prediction in one sentence. */
    static String title(LockPrediction prediction) {
        LockStep first = prediction.steps().getFirst();
        if (prediction.kind() == LockPrediction.Kind.INVERSION) {
            return "`" + first.held().name() + "` is taken " + in(first.taker()) + ", on top of a holder "
                    + in(first.holder());
        }
        if (prediction.steps().size() == 1) {
            return "Two of `" + first.held().name() + "` are taken one after the other";
        }
        return "A ring: "
                + prediction.steps().stream()
                        .map(step -> "`" + step.held().name() + "`")
                        .collect(Collectors.joining(", then "))
                + ", then `" + first.held().name() + "`";
    }

    private static String in(LockWay way) {
        String where = way.by().where();
        return where.startsWith("inside ") ? where : "in " + where;
    }

    private void step(LockStep step) {
        LockWay holder = step.holder();
        LockWay taker = step.taker();
        if (step.kind() == LockStep.Kind.NESTED) {
            line(
                    "   ",
                    who(taker.by()) + ", " + taker.by().file() + ": holds `"
                            + step.held().name() + "` from " + place(holder) + ", wants `"
                            + step.wanted().name() + "`");
            path(taker);
            return;
        }
        line(
                "   ",
                who(holder.by()) + ", " + holder.by().file() + ": holds `"
                        + step.held().name() + "`");
        path(holder);
        line(
                "   ",
                lands(step) + ", " + taker.by().file() + ": wants `"
                        + step.wanted().name() + "`");
        path(taker);
    }

    private static String lands(LockStep step) {
        LockTaker by = step.taker().by();
        return step.kind() == LockStep.Kind.HOOK
                ? by.program() + " runs " + by.where()
                : by.program() + " lands on it (" + by.where() + ")";
    }

    private void path(LockWay way) {
        Location at = way.at();
        if (way.more() > 0) {
            line("     ", "(" + way.more() + " earlier steps left out)");
        }
        for (Explanation.Step step : way.path()) {
            line("     ", step.at().shortText() + ": " + step.text());
        }
        String call = way.call().isEmpty() ? "" : way.call() + " ";
        String source = at.quoted();
        line("     ", at.text() + ": " + call + (source.isEmpty() ? "" : source));
    }

    /** The outcome once the prediction has come true. */
    static String outcome(LockPrediction prediction) {
        LockStep last = prediction.steps().getLast();
        return switch (prediction.outcome()) {
            case FAILS_AT_ONCE ->
                "a delay, no deadlock: " + last.taker().call() + " of "
                        + last.taker().by().program() + atOnce(last.wanted());
            case FAILS_SOON ->
                "a delay, no deadlock: the waiters find each other within a millisecond, one or both fail (ABBA,"
                        + " -EDEADLK)";
            case TIMES_OUT ->
                "a delay, no deadlock: "
                        + prediction.steps().stream()
                                .filter(LockStep::mayFail)
                                .map(step -> "`" + step.wanted().name() + "`")
                                .distinct()
                                .collect(Collectors.joining(", "))
                        + " can fail; one who waits gives up after 250 ms (-ETIMEDOUT)";
            case DEADLOCK -> "a deadlock: none of those who wait can give up";
        };
    }

    /** Lists of free elements are many: an operation that cannot lock one goes on to the next. */
    private static String atOnce(LockNode lock) {
        return switch (lock.kind()) {
            case FREELIST, LRU, LRU_LOCAL -> " goes on to another list of elements, at once";
            default -> " fails at once (AA, -EDEADLK)";
        };
    }

    private static String remedy(LockPrediction prediction) {
        if (prediction.kind() == LockPrediction.Kind.RING) {
            return prediction.steps().size() == 1
                    ? "take such locks in an order, by key or address."
                    : "take the locks in the same order everywhere.";
        }
        LockStep step = prediction.steps().getFirst();
        String name = step.held().name();
        ContextLevel level = step.taker().by().level();
        if (step.kind() == LockStep.Kind.HOOK) {
            return "do not take `" + name + "` there, or expect the error.";
        }
        return step.held().isOfProgram() && level != ContextLevel.NMI
                ? "hold `" + name + "` with interrupts off: bpf_res_spin_lock_irqsave() in "
                        + step.holder().by().program() + "."
                : "nothing masks an NMI: expect the error in "
                        + step.taker().by().program() + ".";
    }

    private String summary() {
        LockOrder order = report.order();
        List<String> words = new ArrayList<>();
        words.add(count(report.looked(), "program"));
        words.add(count(order.locks().size(), "lock"));
        words.add(count(order.steps().size(), "pair"));
        int found = order.predictions().size();
        words.add((order.isComplete() ? "" : "more than ") + count(found, "prediction"));
        return String.join(", ", words);
    }

    private static String count(int number, String word) {
        return number + " " + word + (number == 1 ? "" : "s");
    }
}
