package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.workload.TaskText;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** {@code --task}: tasks besides those of the CPUs. */
final class TaskOption {
    @Option(
            names = "--task",
            paramLabel = "pid=N[,comm=NAME][,uid=N][,cgroup=/PATH][,stack=OUTER;INNER]",
            description = "A task that runs on the CPUs, in turn with others that are given, instead of their own; may"
                    + " be given several times.")
    private List<String> tasks = List.of();

    boolean isGiven() {
        return !tasks.isEmpty();
    }

    /** Returns the tasks that are given, for a machine of so many CPUs. */
    List<TaskSpec> tasks(int cpus) throws InputException {
        List<TaskSpec> given = new ArrayList<>();
        try {
            for (String text : tasks) {
                given.add(TaskText.parse(text));
            }
        } catch (IllegalArgumentException e) {
            throw new InputException("--task: " + e.getMessage());
        }
        String mistake = Tasks.mistake(given, cpus);
        if (!mistake.isEmpty()) {
            throw new InputException("--task: " + mistake);
        }
        return given;
    }
}
