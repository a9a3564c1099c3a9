package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.report.LockOrderDiagram;
import dev.spinbpf.tools.report.LockOrderJson;
import dev.spinbpf.tools.report.LockOrderReport;
import dev.spinbpf.tools.report.LockOrderText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.verifier.LockVerdict;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.order.LockOrder;
import dev.spinbpf.vm.order.LockProgram;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf locks}: the order of locks, without running anything. */
@Command(
        name = "locks",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Shows which lock can be taken while which is held, on all paths of all programs of all files, without running them,"
                    + " and predicts what may come of it: locks that are taken on top of their own holder, and rings.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf locks programs/samples/abba.bpf.o",
            "  spinbpf locks --json build/*.bpf.o > locks.json",
            "  spinbpf locks --dot programs/samples/nesting.bpf.o | dot -Tsvg > locks.svg",
            "",
            "Exit codes: 0 nothing is predicted, 1 something is, 2 wrong usage or a file that cannot be read."
        })
final class LocksCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "BPF objects (.bpf.o) or text programs (.bpfasm).")
    private List<Path> files;

    @ArgGroup
    private final Form form = new Form();

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final KernelOptions kernelOptions = new KernelOptions();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    LocksCommand() {}

    /** The forms other than text, of which one may be chosen. */
    private static final class Form {
        @Option(
                names = {"-j", "--json"},
                description = "Print JSON.")
        private boolean json;

        @Option(names = "--dot", description = "Print a drawing for Graphviz.")
        private boolean dot;

        @Option(names = "--mermaid", description = "Print a drawing for Mermaid.")
        private boolean mermaid;

        String of(LockOrderReport report) {
            return json
                    ? LockOrderJson.of(report)
                    : dot
                            ? LockOrderDiagram.dot(report.order())
                            : mermaid
                                    ? LockOrderDiagram.mermaid(report.order())
                                    : LockOrderText.of(report, Style.ofStandardOutput());
        }
    }

    @Override
    public Integer call() throws InputException {
        List<TargetKernel> kernels = kernelOptions.read();
        if (kernels.size() > 1) {
            throw new InputException("--kernel: the order of locks is that of one kernel");
        }
        TargetKernel kernel = kernels.getFirst();
        PrintWriter err = spec.commandLine().getErr();
        err.println("spinbpf: " + kernel.description());
        List<LockProgram> looked = new ArrayList<>();
        List<String> left = new ArrayList<>();
        boolean anyProgram = false;
        boolean allReadable = true;
        for (int number = 0; number < files.size(); number++) {
            try {
                anyProgram |= read(number, kernel, looked, left);
            } catch (InputException e) {
                err.println("spinbpf: " + e.getMessage());
                allReadable = false;
            }
        }
        if (allReadable && !anyProgram && !programs.list().isEmpty()) {
            throw new InputException("no program named " + InputFiles.listed(programs.list()));
        }
        LockOrder order = LockOrder.of(looked);
        spec.commandLine().getOut().print(form.of(new LockOrderReport(order, looked.size(), left)));
        return !allReadable ? ExitCodes.USAGE : order.predictions().isEmpty() ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    /** Looks at the programs of one file; returns whether any of them was meant. */
    private boolean read(int number, TargetKernel kernel, List<LockProgram> looked, List<String> left)
            throws InputException {
        Path file = files.get(number);
        ProgramObject object = InputFiles.read(file, kernel.readOptions());
        String name = InputFiles.nameOf(file);
        VerifierOptions options = new VerifierOptions(false, kernel.types(), VerifierOptions.INSN_LIMIT)
                .withKernel(kernel.version())
                .withExplanations(false);
        boolean any = false;
        for (Program program : object.programs()) {
            if (!programs.include(program.name())) {
                continue;
            }
            any = true;
            LockVerdict found = Verifier.locks(object, program, options);
            String title = name + ": " + program.name() + ": ";
            switch (found.verdict()) {
                case Verdict.Accepted _ -> {
                    looked.add(new LockProgram(name, number, object.maps(), program, found.uses()));
                    if (!found.complete()) {
                        left.add(title + "uses of locks beyond the first "
                                + found.uses().size());
                    }
                }
                case Verdict.Rejected rejected -> left.add(title + rejected.message());
                case Verdict.Unsupported unsupported -> left.add(title + unsupported.what());
            }
        }
        for (UnlinkedProgram program : object.unlinked()) {
            if (programs.include(program.name())) {
                any = true;
                left.add(name + ": " + program.name() + ": " + program.reason());
            }
        }
        return any;
    }
}
