package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.tools.report.PrintableWriter;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.vm.stress.WorkloadException;
import java.io.FileDescriptor;
import java.io.PrintWriter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The {@code spinbpf} command with all its commands.
 *
 * <p>A start that names one of them makes that one alone: the models of all of them are most of what a start takes.
 */
@Command(
        subcommands = {
            VerifyCommand.class,
            ExplainCommand.class,
            TestCommand.class,
            LocksCommand.class,
            RunCommand.class,
            StressCommand.class,
            ExploreCommand.class,
            ReplayCommand.class,
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
        })
public final class Main extends RootCommand {
    Main() {}

    /** Runs the command line and exits with its code. */
    public static void main(String[] arguments) {
        HostTypes.begin(arguments);
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
            code = commandLine(arguments)
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

    /** Returns the command line for arguments: with the one command that they begin with, or with all of them. */
    static CommandLine commandLine(String... arguments) {
        Object named = arguments.length == 0 ? null : command(arguments[0]);
        return named == null ? new CommandLine(new Main()) : new CommandLine(new RootCommand()).addSubcommand(named);
    }

    /** Returns a new command by its name; null for one that wants to see the others, and for what is no command. */
    private static @Nullable Object command(String name) {
        return switch (name) {
            case "verify" -> new VerifyCommand();
            case "explain" -> new ExplainCommand();
            case "test" -> new TestCommand();
            case "locks" -> new LocksCommand();
            case "run" -> new RunCommand();
            case "stress" -> new StressCommand();
            case "explore" -> new ExploreCommand();
            case "replay" -> new ReplayCommand();
            case "serve" -> new ServeCommand();
            case "load" -> new LoadCommand();
            case "unload" -> new UnloadCommand();
            case "list" -> new ListCommand();
            case "top" -> new TopCommand();
            case "dump" -> new DumpCommand();
            case "bench" -> new BenchCommand();
            case "map" -> new MapCommand();
            case "kernel" -> new KernelCommand();
            default -> null;
        };
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
        if (e instanceof InputException || e instanceof WorkloadException) {
            command.getErr().println("spinbpf: " + e.getMessage());
            return ExitCodes.USAGE;
        }
        if (e instanceof WorkloadFileException file) {
            file.mistakes().forEach(command.getErr()::println);
            return ExitCodes.USAGE;
        }
        if (e instanceof ServiceException) {
            command.getErr().println("spinbpf: " + Printable.line(String.valueOf(e.getMessage())));
            return ExitCodes.REFUSED;
        }
        InternalErrors.report(command.getErr(), e);
        return ExitCodes.REFUSED;
    }

    private static String unmatched(CommandLine command, List<String> arguments) {
        String first = arguments.getFirst();
        if (first.startsWith("-")) {
            return "there is no option '" + first + "'";
        }
        return command.getSubcommands().isEmpty()
                ? "'" + first + "' is one argument too many"
                : "there is no command '" + first + "'; there are " + commandsOf(command);
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
