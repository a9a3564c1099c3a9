package dev.spinbpf.tools.report;

import dev.spinbpf.vm.order.LockNode;
import dev.spinbpf.vm.order.LockOrder;
import dev.spinbpf.vm.order.LockPrediction;
import dev.spinbpf.vm.order.LockStep;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The order of locks as a drawing: an arrow from each lock that is held to each that is wanted then. Arrows of predictions are red;
 * those by an interrupt or a hook, which are drawn only there, are dashed.
 */
public final class LockOrderDiagram {
    private final Map<String, Arrow> arrows = new LinkedHashMap<>();
    private final List<LockOrder.Row> locks;

    private record Arrow(LockStep step, boolean isPredicted) {}

    private LockOrderDiagram(LockOrder order) {
        locks = order.locks();
        Set<String> predicted = new LinkedHashSet<>();
        for (LockPrediction prediction : order.predictions()) {
            prediction.steps().forEach(step -> predicted.add(key(step)));
        }
        order.steps().forEach(step -> arrows.put(key(step), new Arrow(step, predicted.contains(key(step)))));
        for (LockPrediction prediction : order.predictions()) {
            prediction.steps().forEach(step -> arrows.putIfAbsent(key(step), new Arrow(step, true)));
        }
    }

    private static String key(LockStep step) {
        String way =
                step.kind() == LockStep.Kind.NESTED ? "" : step.taker().by().where();
        return step.held().id() + " " + step.wanted().id() + " " + step.kind() + " " + way;
    }

    private static String label(LockStep step) {
        String by = step.taker().by().program();
        return step.kind() == LockStep.Kind.NESTED
                ? by
                : by + ", " + step.taker().by().where();
    }

    private static String node(LockNode lock) {
        return "lock" + lock.id();
    }

    /** Returns the drawing in the language of Graphviz. */
    public static String dot(LockOrder order) {
        var diagram = new LockOrderDiagram(order);
        StringBuilder text = new StringBuilder("digraph locks {\n");
        for (LockOrder.Row row : diagram.locks) {
            text.append("  ").append(node(row.lock())).append(" [shape=box, label=\"");
            text.append(dotText(row.lock().name())).append("\"];\n");
        }
        for (Arrow arrow : diagram.arrows.values()) {
            LockStep step = arrow.step;
            text.append("  ").append(node(step.held())).append(" -> ").append(node(step.wanted()));
            text.append(" [label=\"").append(dotText(label(step))).append('"');
            text.append(step.kind() == LockStep.Kind.NESTED ? "" : ", style=dashed");
            text.append(arrow.isPredicted ? ", color=red];\n" : "];\n");
        }
        return text.append("}\n").toString();
    }

    private static String dotText(String words) {
        return Printable.line(words).replace("\\", "\\\\").replace("\"", "\\\"");
    }

    /** Returns the drawing in the language of Mermaid. */
    public static String mermaid(LockOrder order) {
        var diagram = new LockOrderDiagram(order);
        StringBuilder text = new StringBuilder("flowchart LR\n");
        for (LockOrder.Row row : diagram.locks) {
            text.append("    ").append(node(row.lock())).append("[\"");
            text.append(mermaidText(row.lock().name())).append("\"]\n");
        }
        int number = 0;
        StringBuilder red = new StringBuilder();
        for (Arrow arrow : diagram.arrows.values()) {
            LockStep step = arrow.step;
            String line = step.kind() == LockStep.Kind.NESTED ? " -->|\"" : " -.->|\"";
            text.append("    ").append(node(step.held())).append(line);
            text.append(mermaidText(label(step)))
                    .append("\"| ")
                    .append(node(step.wanted()))
                    .append('\n');
            red.append(arrow.isPredicted ? "    linkStyle " + number + " stroke:red\n" : "");
            number++;
        }
        return text.append(red).toString();
    }

    private static String mermaidText(String words) {
        return Printable.line(words)
                .replace("#", "#35;")
                .replace("\"", "#quot;")
                .replace("<", "#lt;");
    }
}
