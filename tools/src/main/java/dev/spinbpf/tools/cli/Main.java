package dev.spinbpf.tools.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code spinbpf} command. */
@Command(
        name = "spinbpf",
        description = {
            "Verifies BPF programs by Linux's rules and runs them in user space, on emulated CPUs whose hooks nest and on"
                    + " maps guarded by an emulation of the kernel's resilient queued spin lock.",
            ""
        },
        subcommands = {VerifyCommand.class, RunCommand.class, StressCommand.class, DumpCommand.class, BenchCommand.class
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
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // picocli fills in the specification
    Main() {}

    /** Runs the command line and exits with its code. */
    public static void main(String[] arguments) {
        System.exit(run(utf8(System.out), utf8(System.err), arguments));
    }

    private static PrintWriter utf8(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    /** Runs the command line; for tests. Returns the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        int code = new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setExecutionExceptionHandler(Main::report)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute(arguments);
        out.flush();
        err.flush();
        return code;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Missing command; see spinbpf --help");
    }

    private static int report(Exception e, CommandLine command, CommandLine.ParseResult parsed) throws Exception {
        if (e instanceof InputException) {
            command.getErr().println("spinbpf: " + e.getMessage());
            return ExitCodes.USAGE;
        }
        throw e;
    }
}
