package dev.spinbpf.tools.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * A call of the command line that has ended.
 *
 * @param code the exit code
 * @param out what it printed to standard output
 * @param err what it printed to standard error
 */
record Outcome(int code, String out, String err) {
    /** Calls the command line in this process. */
    static Outcome spinbpf(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
        return new Outcome(code, out.toString(), err.toString());
    }

    String all() {
        return out + err;
    }
}
