package dev.spinbpf.tools.report;

import dev.spinbpf.vm.explore.Storyboard;
import dev.spinbpf.vm.explore.Storyboard.Row;
import dev.spinbpf.vm.explore.Witness;
import java.util.ArrayList;
import java.util.List;

/** The rows of a run one by one, each with its state. */
public final class WitnessSteps {
    /** Values up to this one are shown as decimal numbers; what is larger is mostly an address. */
    private static final long LARGEST_DECIMAL = 0xffff;

    private final Witness witness;
    private final Style style;

    public WitnessSteps(Witness witness, Style style) {
        this.witness = witness;
        this.style = style;
    }

    /** Returns how many rows there are. */
    public int count() {
        return witness.rows().size();
    }

    /** Returns all rows, each after an empty line. */
    public String all() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count(); i++) {
            out.append('\n').append(step(i));
        }
        return out.toString();
    }

    /** Returns a row and its state, a line each. */
    public String step(int index) {
        Row row = witness.rows().get(index);
        StringBuilder out = new StringBuilder();
        out.append("Row ").append(index + 1).append(" of ").append(count()).append(": ");
        out.append(style.bold(title(row))).append('\n');
        if (!row.mark().isEmpty()) {
            out.append("  ").append(style.bad(row.mark())).append('\n');
        }
        state(row, witness.states().get(index))
                .forEach(line -> out.append("  ").append(line).append('\n'));
        return out.toString();
    }

    private static String title(Row row) {
        String text = row.place().text();
        if (row.cpu() < 0) {
            return text;
        }
        String where = row.place().program().isEmpty()
                ? ""
                : ", " + row.place().program() + " at " + row.place().place();
        return "CPU " + row.cpu() + where + (text.isEmpty() ? "" : ": " + text);
    }

    private static List<String> state(Row row, Storyboard.State state) {
        List<String> lines = new ArrayList<>();
        if (!row.held().isEmpty()) {
            lines.add("holds      " + String.join(", ", row.held()));
        }
        if (!row.word().isEmpty()) {
            lines.add("lock word  " + row.word());
        }
        state.changes().forEach(change -> lines.add("changes    " + change));
        if (!state.registers().isEmpty()) {
            lines.add("registers  " + registers(state.registers()));
        }
        return lines;
    }

    /** Returns registers as {@code r0=1 r1=0x...}. */
    static String registers(List<Long> values) {
        List<String> words = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            words.add("r" + i + "=" + number(values.get(i)));
        }
        return String.join(" ", words);
    }

    /** Returns a value as a person reads it: a number, or in hexadecimal what is mostly an address. */
    public static String number(long value) {
        boolean small = value <= LARGEST_DECIMAL && value >= -LARGEST_DECIMAL;
        return small ? Long.toString(value) : "0x" + Long.toHexString(value);
    }
}
