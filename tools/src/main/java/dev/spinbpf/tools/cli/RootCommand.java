package dev.spinbpf.tools.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code spinbpf} command itself, without the commands that it has. */
@Command(
        name = "spinbpf",
        description = {
            "Verifies BPF programs by Linux's rules and runs them in user space, on emulated CPUs whose hooks nest and on"
                    + " maps that are guarded by an emulation of the kernel's resilient queued spin lock.",
            ""
        },
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        usageHelpAutoWidth = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf verify programs/samples/leaked_lock.bpf.o",
            "  spinbpf run programs/samples/lock_in_map_value.bpf.o --dump-maps",
            "  spinbpf stress programs/samples/nesting.bpf.o --cpus 2 --duration 5s",
            "",
            "Exit codes: 0 good, 1 something was refused or failed, 2 wrong usage or unreadable input."
        })
class RootCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills in the specification
    RootCommand() {}

    @Override
    public void run() {
        throw new WrongUsage(spec, "name a command: " + commandsOf(spec.commandLine()));
    }

    /** Returns the names of a command's own commands, as a sentence lists them. */
    static String commandsOf(CommandLine command) {
        return String.join(", ", command.getSubcommands().keySet());
    }
}
