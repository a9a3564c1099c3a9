package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.VerifyPrinter;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf verify}: what Linux's verifier would say of each program. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {"Verifies all programs of all files by Linux's rules, without running them.", ""},
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf verify programs/samples/*.bpf.o",
            "  spinbpf verify -v --prog leak programs/samples/leaked_lock.bpf.o",
            "  spinbpf verify -o csv build/*.bpf.o > verdicts.csv",
            "",
            "Exit codes: 0 all programs were accepted, 1 some were refused, 2 wrong usage or a file that cannot be read."
        })
final class VerifyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "BPF objects (.bpf.o) or text programs (.bpfasm).")
    private List<Path> files;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "Output format: table, csv (veristat's columns and a message) or json.")
    private VerifyPrinter.Format format;

    @Option(
            names = {"-j", "--json"},
            description = "The same as -o json.")
    private boolean json;

    @Option(
            names = {"-v", "--verbose"},
            description = "Print the verifier's log, with source lines.")
    private boolean verbose;

    @Mixin
    private final ProgramNames programs = new ProgramNames();

    @Mixin
    private final KernelTypesOption btf = new KernelTypesOption();

    @Option(
            names = "--kconfig",
            paramLabel = "FILE",
            description =
                    "The kernel's configuration (such as /boot/config-6.12 or /proc/config.gz): for CONFIG_* externs.")
    private @Nullable Path kconfig;

    @Option(
            names = "--map-entries",
            paramLabel = "MAP=N",
            description =
                    "Most entries of a map, as loaders set them with bpf_map__set_max_entries(); may be given several times.")
    private Map<String, Long> mapEntries = Map.of();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    VerifyCommand() {}

    @Override
    public Integer call() throws InputException {
        VerifyPrinter.Format chosen = json ? VerifyPrinter.Format.JSON : format;
        PrintWriter out = spec.commandLine().getOut();
        VerifyPrinter report = VerifyPrinter.of(chosen, out, Style.ofStandardOutput(), verbose);
        PrintWriter err = spec.commandLine().getErr();
        FileVerification verification = new FileVerification(
                ReadOptions.DEFAULT
                        .withTargetTypes(btf.read())
                        .withConfig(InputFiles.kernelConfig(kconfig))
                        .withMapEntries(mapEntries),
                VerifierOptions.INSN_LIMIT,
                verbose,
                e -> InternalErrors.traceIfAsked(err, e),
                Verifier::verify);
        Progress progress = Progress.ofStandardError();
        boolean anyProgram = false;
        boolean allGood = true;
        boolean allReadable = true;
        report.begin();
        for (Path file : files) {
            if (out.checkError()) {
                break; // nobody reads on
            }
            progress.step(file.toString());
            for (VerifyRow row : verification.rowsOf(file, programs::include)) {
                progress.clear();
                report.add(row);
                anyProgram |= !row.progName().isEmpty() || row.verdict() == VerifyRow.Outcome.INTERNAL;
                allReadable &= row.verdict() != VerifyRow.Outcome.ERROR;
                allGood &= row.verdict() == VerifyRow.Outcome.SUCCESS;
            }
        }
        progress.clear();
        report.end();
        if (!programs.list().isEmpty() && !anyProgram && allReadable) {
            throw new InputException("no program named " + InputFiles.listed(programs.list()) + "; there are "
                    + InputFiles.listed(verification.programs()));
        }
        return !allReadable ? ExitCodes.USAGE : allGood ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }
}
