package dev.spinbpf.tools.serve.api;

import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.vm.context.LoadedProgram;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The last reports that programs found in their stderr streams: of locks that they could not take, with source lines. */
final class ReportLog {
    private static final int KEPT = 32;
    private static final int MOST_CHARACTERS = 16_384;

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();

    /** A report. */
    record Entry(String object, String program, String text) {}

    /** Takes what is in the streams of programs. */
    void collect(List<ServedObject> objects) {
        for (ServedObject object : objects) {
            for (ServedProgram program : object.programs()) {
                LoadedProgram loaded = program.inMachine();
                if (loaded != null) {
                    add(program, loaded.code().err().read());
                }
            }
        }
    }

    private synchronized void add(ServedProgram program, String text) {
        if (text.isBlank()) {
            return;
        }
        String[] reports = text.strip().split("\n\n", -1);
        for (int i = Math.max(0, reports.length - KEPT); i < reports.length; i++) {
            String report = reports[i];
            String cut = report.length() <= MOST_CHARACTERS ? report : report.substring(0, MOST_CHARACTERS);
            entries.addFirst(new Entry(program.object(), program.name(), cut));
            if (entries.size() > KEPT) {
                entries.removeLast();
            }
        }
    }

    /** Returns the reports, newest first, at most {@code most}. */
    synchronized List<Entry> newest(int most) {
        return new ArrayList<>(entries).subList(0, Math.min(most, entries.size()));
    }
}
