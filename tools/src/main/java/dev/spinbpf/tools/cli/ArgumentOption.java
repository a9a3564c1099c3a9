package dev.spinbpf.tools.cli;

import dev.spinbpf.verifier.ContextArgument;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.task.Task;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code --arg}: arguments of what a program attaches to. */
final class ArgumentOption {
    private static final String TASK = "task:";

    @Option(
            names = "--arg",
            paramLabel = "N|NAME=VALUE",
            description =
                    "An argument of the function, tracepoint or member of a struct that the program is for, by its"
                            + " number from 1 or its name: a number, or task:PID for a task (default: objects by their types,"
                            + " numbers 0); may be given several times.")
    private List<String> arguments = List.of();

    boolean isGiven() {
        return !arguments.isEmpty();
    }

    /** Returns the values by position from 0. */
    Map<Integer, Long> values(Machine machine, LoadedProgram program) throws InputException {
        Map<Integer, Long> values = new HashMap<>();
        List<String> names =
                program.arguments().stream().map(ContextArgument::name).toList();
        for (String text : arguments) {
            int equals = text.indexOf('=');
            if (equals < 0) {
                throw new InputException("--arg: '" + text + "' is not of the form N=VALUE or NAME=VALUE");
            }
            String name = text.substring(0, equals);
            values.put(position(program, names, name), value(machine, text, text.substring(equals + 1)));
        }
        return values;
    }

    private static int position(LoadedProgram program, List<String> names, String name) throws InputException {
        if (!name.isEmpty() && names.contains(name)) {
            return names.indexOf(name);
        }
        for (int i = 0; i < names.size(); i++) {
            if (name.equals(Integer.toString(i + 1))) {
                return i;
            }
        }
        List<String> known = names.stream().filter(each -> !each.isEmpty()).toList();
        throw new InputException("--arg: " + program.name() + " has no argument '" + name + "'; it has " + names.size()
                + ", which are called by their numbers from 1"
                + (known.isEmpty() ? "" : " or names: " + InputFiles.listed(known)));
    }

    private static long value(Machine machine, String text, String value) throws InputException {
        try {
            if (!value.startsWith(TASK)) {
                return Long.decode(value);
            }
            int pid = Integer.parseInt(value.substring(TASK.length()));
            Task task = machine.tasks().ofPid(pid);
            if (task == null) {
                throw new InputException("--arg: '" + text + "': there is no task " + pid + "; --task declares one");
            }
            return machine.tasks().address(task);
        } catch (NumberFormatException e) {
            throw new InputException("--arg: '" + text + "': '" + value + "' is neither a number nor task:PID");
        }
    }
}
