package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.DumpJson;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf dump}: what is in a file. */
@Command(
        name = "dump",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Prints an object as text: maps, global data, programs in the kernel's syntax with source lines, types.",
            "What it prints for a whole object is a text program that assembles again to the same bytes.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf dump programs/samples/balanced.bpf.o",
            "  spinbpf dump --prog leak programs/samples/leaked_lock.bpf.o",
            "  spinbpf dump programs/samples/balanced.bpf.o > balanced.bpfasm",
            "  spinbpf verify balanced.bpfasm",
            "",
            "Exit codes: 0 good, 2 wrong usage or a file that cannot be read."
        })
final class DumpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A BPF object (.bpf.o) or text program (.bpfasm).")
    private Path file;

    @Option(names = "--prog", paramLabel = "NAME", description = "Only this program, without the rest of the object.")
    private @Nullable String program;

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    DumpCommand() {}

    @Override
    public Integer call() throws InputException {
        Btf kernelTypes = btf.read();
        ProgramObject object = InputFiles.read(file, kernelTypes);
        Program chosen = program == null ? null : InputFiles.program(object, program);
        PrintWriter out = spec.commandLine().getOut();
        if (json.isGiven()) {
            out.print(DumpJson.of(object, chosen));
        } else {
            out.print(chosen == null ? AssemblyWriter.write(object) : AssemblyWriter.write(object, chosen));
        }
        return ExitCodes.GOOD;
    }
}
