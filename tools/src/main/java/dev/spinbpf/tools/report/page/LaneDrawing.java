package dev.spinbpf.tools.report.page;

import static dev.spinbpf.tools.report.page.PageTemplate.escaped;

import dev.spinbpf.tools.report.page.Lanes.Bar;
import dev.spinbpf.tools.report.page.Lanes.Lane;
import dev.spinbpf.tools.report.page.Lanes.Strip;
import dev.spinbpf.vm.explore.Storyboard.Row;
import java.util.List;

/** Lanes as SVG: a column for each step, above them its number, and in the lanes bars, strips and a mark for the step. */
final class LaneDrawing {
    /** Colours of locks; the page's styles name them. */
    static final int COLOURS = 6;

    private static final int STEP_WIDTH = 32;
    private static final int LEFT = 20;
    private static final int RIGHT = 84;
    private static final int AXIS_HEIGHT = 26;
    private static final int BAR_HEIGHT = 16;
    private static final int LEVEL_HEIGHT = 36;
    private static final int STRIP_HEIGHT = 16;
    private static final int LANE_PADDING = 10;
    private static final int NAMES_WIDTH = 58;
    private static final int CHARACTER_WIDTH = 7;

    private final List<Row> rows;
    private final Lanes lanes;
    private final int first;
    private final int width;
    private final int height;
    private final int[] tops;
    private final StringBuilder svg = new StringBuilder();

    /** @param first the number of the first row */
    LaneDrawing(List<Row> rows, Lanes lanes, int first) {
        this.rows = rows;
        this.lanes = lanes;
        this.first = first;
        width = LEFT + RIGHT + rows.size() * STEP_WIDTH;
        tops = new int[lanes.lanes().size()];
        int y = AXIS_HEIGHT;
        for (Lane lane : lanes.lanes()) {
            tops[lane.cpu()] = y;
            y += lane.depth() * LEVEL_HEIGHT + lane.slots() * STRIP_HEIGHT + 2 * LANE_PADDING;
        }
        height = y;
    }

    /** Returns the names of the lanes, for the left of the drawing. */
    String names() {
        begin(NAMES_WIDTH, "class=\"names\" aria-hidden=\"true\"");
        text("axis", 0, AXIS_HEIGHT - 9, "Step");
        for (Lane lane : lanes.lanes()) {
            separator(lane);
            text("cpu", 0, tops[lane.cpu()] + LANE_PADDING + LEVEL_HEIGHT - 4, "CPU " + lane.cpu());
        }
        return svg.append("</svg>\n").toString();
    }

    /** Returns the drawing. */
    String drawing() {
        begin(width, "role=\"img\" aria-label=\"Timeline of " + rows.size() + " steps, one lane a CPU\"");
        for (int i = 0; i < rows.size(); i++) {
            svg.append("<rect class=\"column\" data-step=\"%d\" x=\"%d\" y=\"0\" width=\"%d\" height=\"%d\"/>\n"
                    .formatted(i, x(i) - STEP_WIDTH / 2, STEP_WIDTH, height));
        }
        svg.append("<g class=\"still\">\n");
        for (Lane lane : lanes.lanes()) {
            separator(lane);
            lane.bars().forEach(bar -> bar(lane, bar));
            lane.strips().forEach(strip -> strip(lane, strip));
        }
        order();
        for (int i = 0; i < rows.size(); i++) {
            step(i);
        }
        return svg.append("</g>\n</svg>\n").toString();
    }

    private void begin(int wide, String attributes) {
        svg.setLength(0);
        svg.append("<svg %s width=\"%d\" height=\"%d\">\n".formatted(attributes, wide, height));
    }

    private void text(String kind, int x, int y, String text) {
        svg.append("<text class=\"%s\" x=\"%d\" y=\"%d\">".formatted(kind, x, y))
                .append(escaped(text))
                .append("</text>\n");
    }

    private void separator(Lane lane) {
        int y = tops[lane.cpu()];
        svg.append("<line class=\"lane\" x1=\"0\" y1=\"%d\" x2=\"100%%\" y2=\"%d\"/>\n".formatted(y, y));
    }

    private static int x(int step) {
        return LEFT + STEP_WIDTH / 2 + step * STEP_WIDTH;
    }

    /** The top of a bar; what interrupts stands above what it interrupts. */
    private int barTop(Lane lane, int depth) {
        return tops[lane.cpu()] + LANE_PADDING + (lane.depth() - depth) * LEVEL_HEIGHT - BAR_HEIGHT - 4;
    }

    private void bar(Lane lane, Bar bar) {
        int top = barTop(lane, bar.depth());
        int from = x(bar.from()) - STEP_WIDTH / 2 + 3;
        svg.append("<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"/>\n"
                .formatted(from, top, x(bar.to()) + STEP_WIDTH / 2 - 3 - from, BAR_HEIGHT));
        int next = lane.bars().stream()
                .filter(other -> other.depth() == bar.depth() && other.from() > bar.from())
                .mapToInt(other -> x(other.from()))
                .min()
                .orElse(width);
        text("program", from, top - 4, cut(bar.label(), next - from));
    }

    private static String cut(String text, int pixels) {
        int most = Math.max(1, pixels / CHARACTER_WIDTH);
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }

    private void strip(Lane lane, Strip strip) {
        int top = tops[lane.cpu()] + LANE_PADDING + lane.depth() * LEVEL_HEIGHT + strip.slot() * STRIP_HEIGHT;
        int to = strip.to() == rows.size() ? x(strip.to()) - STEP_WIDTH / 2 : x(strip.to());
        int wide = to - x(strip.from());
        svg.append("<rect class=\"lock l%d\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\"/>\n"
                .formatted(
                        lanes.locks().indexOf(strip.lock()) % COLOURS, x(strip.from()), top, wide, STRIP_HEIGHT - 2));
        text("held", x(strip.from()) + 4, top + STRIP_HEIGHT - 5, cut(strip.lock(), wide - 4));
    }

    private int markY(Row row) {
        return row.cpu() < 0 ? AXIS_HEIGHT : barTop(lanes.lanes().get(row.cpu()), Lanes.depth(row)) + BAR_HEIGHT / 2;
    }

    /** The line from step to step: the order in which they happen. */
    private void order() {
        svg.append("<polyline class=\"order\" points=\"");
        for (int i = 0; i < rows.size(); i++) {
            svg.append(x(i)).append(',').append(markY(rows.get(i))).append(' ');
        }
        svg.append("\"/>\n");
    }

    private void step(int index) {
        Row row = rows.get(index);
        int x = x(index);
        int y = markY(row);
        text("axis number", x, AXIS_HEIGHT - 9, String.valueOf(first + index + 1));
        if (row.cpu() < 0) {
            svg.append("<line class=\"time\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n"
                    .formatted(x, AXIS_HEIGHT, x, height));
        }
        if (Lanes.isLanding(row)) {
            svg.append("<path class=\"mark landing\" d=\"M%d %dl6 -6 -6 -6 -6 6z\"/>\n".formatted(x, y + 6));
        } else {
            svg.append("<circle class=\"mark%s\" cx=\"%d\" cy=\"%d\" r=\"%d\"/>\n"
                    .formatted(
                            row.mark().isEmpty() ? "" : " failed",
                            x,
                            y,
                            row.mark().isEmpty() ? 5 : 8));
        }
        if (!row.mark().isEmpty()) {
            svg.append("<path class=\"cross\" d=\"M%d %dl6 6m0 -6l-6 6\"/>\n".formatted(x - 3, y - 3));
            text("result", x + 12, y + 4, row.mark());
        }
    }
}
