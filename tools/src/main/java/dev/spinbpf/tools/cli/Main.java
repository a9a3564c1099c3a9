package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.tools.report.PrintableWriter;
import dev.spinbpf.tools.report.Style;
import java.io.FileDescriptor;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code spinbpf} command. */
@Command(
        name = "spinbpf",
        description = {
            "Verifies BPF programs by Linux's rules and runs them in user space, on emulated CPUs whose hooks nest and on"
                    + " maps that are guarded by an emulation of the kernel's resilient queued spin lock.",
            ""
        },
        subcommands = {
            VerifyCommand.class,
            ExplainCommand.class,
            TestCommand.class,
            RunCommand.class,
            StressCommand.class,
            ServeCommand.class,
            LoadCommand.class,
            UnloadCommand.class,
            ListCommand.class,
            TopCommand.class,
            DumpCommand.class,
            BenchCommand.class,
            MapCommand.class,
            KernelCommand.class,
            CompletionCommand.class,
            CommandLine.HelpCommand.class
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
        Locale.setDefault(Locale.ROOT); // numbers are data
        Output out = new Output(FileDescriptor.out);
        Output err = new Output(FileDescriptor.err);
        int code = run(out.writer(), err.writer(), arguments);
        String failure = out.failure();
        if (failure != null) {
            err.writer().println("spinbpf: cannot write the output: " + failure);
            err.writer().flush();
            code = Math.max(code, ExitCodes.REFUSED);
        }
        System.exit(code);
    }

    /** Runs the command line; for tests. Returns the exit code. */
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        PrintWriter printableOut = new PrintWriter(new PrintableWriter(out, Style.ofStandardOutput()));
        PrintWriter printableErr = new PrintWriter(new PrintableWriter(err, Style.PLAIN));
        int code = ExitCodes.REFUSED;
        try {
            code = new CommandLine(new Main())
                    .setOut(printableOut)
                    .setErr(printableErr)
                    .setExecutionExceptionHandler(Main::report)
                    .setParameterExceptionHandler(Main::wrongUsage)
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .registerConverter(int.class, WholeNumbers.ints())
                    .registerConverter(Integer.class, WholeNumbers.ints())
                    .registerConverter(long.class, WholeNumbers.longs())
                    .registerConverter(Long.class, WholeNumbers.longs())
                    .registerConverter(Path.class, Main::path)
                    .execute(arguments);
        } catch (StackOverflowError | OutOfMemoryError e) {
            InternalErrors.report(printableErr, e);
        } finally {
            printableOut.flush();
            printableErr.flush();
        }
        return code;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "name a command: " + commands(spec.commandLine()));
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("'" + text + "' is no file name in the encoding of this locale ("
                    + e.getReason() + "); a UTF-8 locale, such as LC_ALL=C.UTF-8, may help");
        }
    }

    private static int report(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        if (e instanceof InputException) {
            command.getErr().println("spinbpf: " + e.getMessage());
            return ExitCodes.USAGE;
        }
        if (e instanceof ServiceException) {
            command.getErr().println("spinbpf: " + Printable.line(String.valueOf(e.getMessage())));
            return ExitCodes.REFUSED;
        }
        InternalErrors.report(command.getErr(), e);
        return ExitCodes.REFUSED;
    }

    private static String commands(CommandLine command) {
        return String.join(", ", command.getSubcommands().keySet());
    }

    private static String unmatched(CommandLine command, List<String> arguments) {
        String first = arguments.getFirst();
        if (first.startsWith("-")) {
            return "there is no option '" + first + "'";
        }
        return command.getSubcommands().isEmpty()
                ? "'" + first + "' is one argument too many"
                : "there is no command '" + first + "'; there are " + commands(command);
    }

    private static int wrongUsage(ParameterException e, String[] arguments) {
        CommandLine command = e.getCommandLine();
        String message = e instanceof UnmatchedArgumentException unmatched
                ? unmatched(command, unmatched.getUnmatched())
                : String.valueOf(e.getMessage());
        command.getErr().println("spinbpf: " + Printable.line(message));
        UnmatchedArgumentException.printSuggestions(e, command.getErr());
        command.getErr().println("  see " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCodes.USAGE;
    }
}
