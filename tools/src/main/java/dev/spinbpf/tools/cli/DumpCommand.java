package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.asm.AssemblyWriter;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.DumpJson;
import dev.spinbpf.vm.JitMode;
import dev.spinbpf.vm.Machine;
import dev.spinbpf.vm.MachineOptions;
import dev.spinbpf.vm.context.LoadedProgram;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
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
            "  spinbpf dump --jited --prog count_packet programs/samples/balanced.bpf.o",
            "",
            "Exit codes: 0 good, 1 no program was accepted (--jited), 2 wrong usage or a file that cannot be read."
        })
final class DumpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "A BPF object (.bpf.o) or text program (.bpfasm).")
    private Path file;

    @Option(names = "--prog", paramLabel = "NAME", description = "Only this program, without the rest of the object.")
    private @Nullable String program;

    @Option(
            names = "--jited",
            description =
                    "Instead, the JVM bytecode that each program is compiled to, below its BPF instructions and source"
                            + " lines. FILE may be a file of instructions (.bin), too.")
    private boolean jited;

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @Mixin
    private final JsonOption json = new JsonOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    DumpCommand() {}

    @Override
    public Integer call() throws InputException {
        Btf kernelTypes = btf.read();
        if (jited) {
            return printBytecode(kernelTypes);
        }
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

    private int printBytecode(Btf kernelTypes) throws InputException {
        if (json.isGiven()) {
            throw new WrongUsage(spec, "--jited prints text, not JSON");
        }
        ProgramObject object = RawProgram.isNamed(file) ? RawProgram.read(file) : InputFiles.read(file, kernelTypes);
        if (program != null) {
            InputFiles.requirePrograms(object, List.of(program));
        }
        boolean any = false;
        try (Machine machine = new Machine(MachineOptions.ofCpus(1).withJit(JitMode.NEVER))) {
            for (LoadedProgram loaded : LoadedPrograms.load(machine, object, kernelTypes, this::complain)) {
                if (program == null || program.equals(loaded.name())) {
                    spec.commandLine().getOut().println("program " + loaded.name() + "\n");
                    spec.commandLine().getOut().println(Machine.jitListing(loaded));
                    any = true;
                }
            }
        } catch (MapCreationException e) {
            complain(e.getMessage());
        }
        return any ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    private void complain(@Nullable String what) {
        spec.commandLine().getErr().println("spinbpf: " + InputFiles.shown(file) + ": " + what);
    }
}
