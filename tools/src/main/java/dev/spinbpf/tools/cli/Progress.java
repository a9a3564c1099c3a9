package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.Printable;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/** A line on the standard error that says what is being worked on; nothing where that is no terminal. */
final class Progress {
    private static final long QUIET_NANOS = 500_000_000L;
    private static final int MAX_WIDTH = 78;

    private final PrintWriter err;
    private final boolean shown;
    private final long startNanos = System.nanoTime();
    private boolean dirty;

    private Progress(PrintWriter err, boolean shown) {
        this.err = err;
        this.shown = shown;
    }

    static Progress ofStandardError() {
        PrintWriter err = new PrintWriter(System.err, false, StandardCharsets.UTF_8);
        return new Progress(err, Boolean.getBoolean("spinbpf.stderr.terminal"));
    }

    /** Says what comes now, unless the whole work has been quick so far. */
    void step(String doing) {
        if (shown && System.nanoTime() - startNanos > QUIET_NANOS) {
            String what = Printable.line(doing);
            String text = what.length() > MAX_WIDTH ? "..." + what.substring(what.length() - MAX_WIDTH + 3) : what;
            err.print("\r\033[K" + text);
            err.flush();
            dirty = true;
        }
    }

    /** Takes the line away, before something else is printed. */
    void clear() {
        if (dirty) {
            err.print("\r\033[K");
            err.flush();
            dirty = false;
        }
    }
}
