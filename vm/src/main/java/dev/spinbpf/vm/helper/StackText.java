package dev.spinbpf.vm.helper;

import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.task.Tasks;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The stack of a CPU in Linux's words: CPU and task, then each function of the program that runs with its source line,
 * and those of the programs that it interrupted or was nested into.
 */
final class StackText {
    private StackText() {}

    /** The text, without the empty line that ends it. */
    static String of(Execution run, Tasks tasks) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "CPU: %d UID: %d PID: %d Comm: %s\nCall trace:\n",
                run.cpu().id(),
                tasks.current(run.cpu()).uid(),
                tasks.pid(run.cpu()),
                tasks.comm(run.cpu())));
        for (@Nullable Execution each = run; each != null; each = each.below()) {
            for (Execution.Position position : each.stack()) {
                frame(text, position.code().program(), position.slot());
            }
        }
        return text.toString();
    }

    private static void frame(StringBuilder text, Program program, int slot) {
        text.append(symbol(program, slot)).append('\n');
        LineInfo line = program.lineAt(slot);
        if (line != null) {
            text.append("  ").append(line(line)).append('\n');
        }
    }

    /** A place in a program on one line: {@code worker+0x18 (if (bpf_res_spin_lock(&outer)) @ file.c:18)}. */
    static String place(Program program, int slot) {
        LineInfo line = program.lineAt(slot);
        return symbol(program, slot) + (line == null ? "" : " (" + line(line) + ")");
    }

    private static String symbol(Program program, int slot) {
        Subprog subprog = program.subprogAt(slot);
        return String.format(Locale.ROOT, "%s+0x%x", subprog.name(), 8 * (slot - subprog.start()));
    }

    private static String line(LineInfo line) {
        return line.text().strip() + " @ " + line.place();
    }

    /** The source line of an instruction, {@code file.c:18}; {@code unknown} where the object does not say. */
    static String sourceLine(Program program, int slot) {
        LineInfo line = program.lineAt(slot);
        return line == null ? "unknown" : line.place();
    }
}
