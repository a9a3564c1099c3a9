package dev.spinbpf.tools.workload;

import dev.spinbpf.vm.task.TaskSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tasks as text: {@code pid=42,comm=nginx,uid=33,cgroup=/web,stack=main;serve;read}. */
public final class TaskText {
    /** Stands between the functions of a stack. */
    public static final String SEPARATOR = ";";

    static final String USUAL_COMM = "task";
    static final String ROOT = "/";

    private static final String FORM = "pid=N[,comm=NAME][,uid=N][,cgroup=/PATH][,stack=OUTER;INNER]";
    private static final List<String> KEYS = List.of("pid", "comm", "uid", "cgroup", "stack");

    private TaskText() {}

    /**
     * Reads a task.
     *
     * @throws IllegalArgumentException where it is none; the message says why
     */
    public static TaskSpec parse(String text) {
        Map<String, String> values = new HashMap<>();
        for (String part : text.split(",", -1)) {
            int equals = part.indexOf('=');
            String key = equals < 0 ? "" : part.substring(0, equals);
            if (!KEYS.contains(key) || values.putIfAbsent(key, part.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("'" + text + "' is not of the form " + FORM);
            }
        }
        if (!values.containsKey("pid")) {
            throw new IllegalArgumentException("'" + text + "' has no pid; the form is " + FORM);
        }
        TaskSpec task = new TaskSpec(
                number(text, values.getOrDefault("pid", "")),
                values.getOrDefault("comm", USUAL_COMM),
                number(text, values.getOrDefault("uid", "0")),
                values.getOrDefault("cgroup", ROOT),
                stack(values.getOrDefault("stack", "")));
        if (!task.mistake().isEmpty()) {
            throw new IllegalArgumentException("'" + text + "': " + task.mistake());
        }
        return task;
    }

    private static int number(String text, String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "': '" + digits + "' is no number", e);
        }
    }

    /** Returns the functions of a stack that are in a text, outermost first. */
    public static List<String> stack(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(SEPARATOR, -1));
    }
}
