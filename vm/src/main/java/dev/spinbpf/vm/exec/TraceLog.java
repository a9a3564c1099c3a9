package dev.spinbpf.vm.exec;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The last lines that {@code bpf_trace_printk} wrote, as {@code trace_pipe} would show their text. */
public final class TraceLog {
    /** Most entries that are kept; older ones are dropped. */
    public static final int CAPACITY = 10_000;

    private final Deque<String> lines = new ArrayDeque<>();
    private long dropped;

    /** An empty log. */
    public TraceLog() {}

    /** Appends an entry, and drops the oldest if there are {@link #CAPACITY}. */
    public synchronized void add(String text) {
        if (lines.size() == CAPACITY) {
            lines.removeFirst();
            dropped++;
        }
        lines.addLast(text);
    }

    /** Takes all that is there, one entry a call. */
    public synchronized List<String> read() {
        List<String> all = new ArrayList<>(lines);
        lines.clear();
        return all;
    }

    /** Returns how many entries were dropped because nobody read them. */
    public synchronized long dropped() {
        return dropped;
    }
}
