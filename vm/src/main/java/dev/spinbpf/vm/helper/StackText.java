package dev.spinbpf.vm.helper;

import dev.spinbpf.programs.model.LineInfo;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.Subprog;
import dev.spinbpf.vm.exec.Execution;

/** The stack of a program run in Linux's words: CPU and task, then each function with its source line. */
final class StackText {
    private StackText() {}

    static String of(Execution run, Tasks tasks) {
        int pid = tasks.pid(run.cpu());
        StringBuilder text = new StringBuilder();
        text.append(
                String.format("CPU: %d UID: %d PID: %d Comm: %s%n", run.cpu().id(), 0, pid, tasks.comm(run.cpu())));
        text.append("Call trace:\n");
        for (Execution.Position position : run.stack()) {
            Program program = position.code().program();
            Subprog subprog = program.subprogAt(position.slot());
            text.append(String.format("%s+0x%x%n", subprog.name(), 8 * (position.slot() - subprog.start())));
            LineInfo line = program.lineAt(position.slot());
            if (line != null) {
                text.append(String.format("  %s @ %s:%d%n", line.text().strip(), fileName(line.file()), line.line()));
            }
        }
        return text.append('\n').toString();
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
