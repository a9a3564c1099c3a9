package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.report.WitnessSteps;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;

/** A walk through the rows of a run, forward and back, by what is typed. */
final class ReplayWalk {
    private static final String HELP = "Enter or n: next row, p: previous row, a number: that row, q: end.";

    private final WitnessSteps steps;
    private final PrintWriter out;

    ReplayWalk(WitnessSteps steps, PrintWriter out) {
        this.steps = steps;
        this.out = out;
    }

    /** Shows the first row, and then rows as lines of the input say, until it ends. */
    void run(BufferedReader in) throws IOException {
        out.println(HELP);
        int row = 0;
        show(row);
        String line = in.readLine();
        while (line != null && !line.strip().equals("q")) {
            int next = next(row, line.strip());
            if (next < 0 || next >= steps.count()) {
                out.println(next < 0 ? HELP : "There are " + steps.count() + " rows.");
            } else {
                row = next;
                show(row);
            }
            out.flush();
            line = in.readLine();
        }
    }

    private void show(int row) {
        out.println();
        out.print(steps.step(row));
        out.flush();
    }

    /** Returns the row that a line asks for, counted from 0; -1 where it asks for none. */
    private static int next(int row, String line) {
        return switch (line) {
            case "", "n" -> row + 1;
            case "p" -> Math.max(0, row - 1);
            default -> line.matches("[1-9][0-9]{0,5}") ? Integer.parseInt(line) - 1 : -1;
        };
    }
}
