package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.KernelLimits;
import dev.spinbpf.tools.report.MatrixPrinter;
import dev.spinbpf.tools.report.MatrixRow;
import dev.spinbpf.tools.report.RowSelection;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.VerifyPrinter;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.verifier.refusal.Explanation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
        description = {
            "Verifies all programs of all files by Linux's rules, without running them. Objects are compiled as for"
                    + " Linux, with clang -O2 -g -target bpf. Below each refusal stands why, the path that led there and"
                    + " what to change; 'spinbpf explain' lists the kinds of refusal.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf verify programs/samples/*.bpf.o",
            "  spinbpf verify -v --prog leak programs/samples/leaked_lock.bpf.o",
            "  spinbpf verify -o csv build/*.bpf.o > verdicts.csv",
            "  spinbpf verify --kernel 7.3,7.2,6.18 programs/samples/nesting.bpf.o",
            "  spinbpf verify --target filter.bpf.o:main extension.bpf.o",
            "",
            "Exit codes: 0 all programs were accepted, 1 some were refused, 2 wrong usage or a file that cannot be"
                    + " read."
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int ALL_PATHS = 2;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "BPF objects (.bpf.o) or text programs (.bpfasm).")
    private List<Path> files;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "Output format: table (default), csv (veristat's columns and a message), json, github"
                    + " (annotations) or sarif.")
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
    private final KernelOptions kernelOptions = new KernelOptions();

    @Mixin
    private final TargetOption target = new TargetOption();

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Files to verify at the same time; as many as there are processors if not given.")
    private int jobs = Runtime.getRuntime().availableProcessors();

    @Mixin
    private final LoadingOptions loading = new LoadingOptions();

    @Option(
            names = "--cpus",
            paramLabel = "N",
            description =
                    "CPUs that the machine may have: programs see smaller numbers only (default: Linux's own limit, "
                            + KernelLimits.NR_CPUS + ").")
    private int cpus = KernelLimits.NR_CPUS;

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    VerifyCommand() {}

    @Mixin
    private final RowOptions rows = new RowOptions();

    @Mixin
    private final PageOption page = new PageOption();

    @Mixin
    private final RunComparisons comparisons = new RunComparisons();

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "1",
            description = "With -v: 1 prints the refused path (default), 2 all paths, 0 no log.")
    private int logLevel;

    @Override
    public Integer call() throws InputException {
        if (comparisons.isOfFiles()) {
            return comparisons.compare(files, chosenFormat(), spec.commandLine().getOut());
        }
        checkRanges();
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<TargetKernel> kernels = kernelOptions.read();
        if (kernels.size() > 1) {
            checkForSeveral(kernels.size());
        }
        kernels.forEach(kernel -> err.println("spinbpf: " + kernel.description()));
        List<FileVerification> verifications = new ArrayList<>();
        for (TargetKernel kernel : kernels) {
            verifications.add(verification(kernel, err));
        }
        Outcomes outcomes;
        try (var results = new Verifications(verifications, programs::include, files, jobs)) {
            outcomes = kernels.size() == 1 ? report(results, out) : compare(results, out, kernels);
        }
        if (chosenFormat() == VerifyPrinter.Format.TABLE && !outcomes.kind.isEmpty()) {
            out.flush();
            err.println("spinbpf: 'spinbpf explain " + outcomes.kind
                    + "' shows a program that is refused for this, and the" + " mended one");
        }
        if (!programs.list().isEmpty() && !outcomes.anyProgram && outcomes.allReadable) {
            throw new InputException("no program named " + InputFiles.listed(programs.list()) + "; there are "
                    + InputFiles.listed(verifications.getFirst().programs()));
        }
        return !outcomes.allReadable ? ExitCodes.USAGE : outcomes.allGood ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    private FileVerification verification(TargetKernel kernel, PrintWriter err) throws InputException {
        ReadOptions reading = readOptions(kernel);
        VerifierOptions options = new VerifierOptions(wantsLog(), kernel.types(), VerifierOptions.INSN_LIMIT)
                .withKernel(kernel.version())
                .withCpus(cpus)
                .withAllPaths(logLevel == ALL_PATHS)
                .withExplanations(chosenFormat() != VerifyPrinter.Format.CSV || page.isWanted());
        return new FileVerification(
                reading,
                options.withTarget(target.read(kernel, reading, options, err)),
                e -> InternalErrors.traceIfAsked(err, e),
                Verifier::verify);
    }

    private void checkRanges() throws InputException {
        if (cpus < 1 || cpus > KernelLimits.NR_CPUS) {
            throw new InputException("--cpus: " + cpus + " is not from 1 to " + KernelLimits.NR_CPUS);
        }
        if (logLevel < 0 || logLevel > ALL_PATHS) {
            throw new InputException("--log-level: " + logLevel + " is none of 0, 1 and 2");
        }
        if (page.isWanted() && logLevel == ALL_PATHS) {
            throw new InputException("--html: the page shows the refused path; leave --log-level 2 out");
        }
        if (jobs < 1) {
            throw new InputException("--jobs: " + jobs + " is less than 1");
        }
    }

    private void checkForSeveral(int kernels) throws InputException {
        if (page.isWanted()) {
            throw new InputException("--html: the page is about one kernel, and --kernel names " + kernels);
        }
        if (comparisons.hasBaseline()) {
            throw new InputException("--baseline: a run of one kernel is compared, and --kernel names " + kernels);
        }
        if (!rows.columns().isEmpty()) {
            throw new InputException("-e: with several kernels there is a column for each, and no other choice");
        }
    }

    private boolean wantsLog() {
        return verbose && logLevel > 0 || page.isWanted();
    }

    private ReadOptions readOptions(TargetKernel kernel) {
        ReadOptions options = loading.loading().applied(kernel.readOptions());
        return cpus == KernelLimits.NR_CPUS ? options : options.withPossibleCpus(cpus);
    }

    /** A summary of the rows so far. */
    private static final class Outcomes {
        private boolean anyProgram;
        private boolean allGood = true;
        private boolean allReadable = true;

        /** The last kind of refusal that was explained; empty if there was none. */
        private String kind = "";

        void add(VerifyRow row) {
            anyProgram |= !row.progName().isEmpty() || row.verdict() == VerifyRow.Outcome.INTERNAL;
            allReadable &= row.verdict() != VerifyRow.Outcome.ERROR;
            allGood &= row.verdict() == VerifyRow.Outcome.SUCCESS;
            Explanation explained = row.reason().refusal();
            if (explained != null) {
                kind = explained.kind().id();
            }
        }
    }

    /** Reports the verdicts of one kernel as they come. */
    private Outcomes report(Verifications results, PrintWriter out) throws InputException {
        RowSelection selection = rows.selection();
        VerifyPrinter report = VerifyPrinter.of(chosenFormat(), out, Style.ofStandardOutput(), verbose, rows.columns());
        List<VerifyRow> kept = new ArrayList<>();
        boolean immediate = selection.isImmediate() && !comparisons.hasBaseline();
        var outcomes = new Outcomes();
        var progress = new FileProgress(files.size());
        if (!comparisons.hasBaseline()) {
            report.begin();
        }
        while (!out.checkError() && results.hasNext()) { // else nobody reads on
            progress.step(results.nextFile());
            for (VerifyRow row : results.next().getFirst()) {
                progress.clear();
                if (immediate && selection.includes(row)) {
                    report.add(row);
                } else if (!immediate) {
                    kept.add(row);
                }
                outcomes.add(row);
                page.add(row);
            }
        }
        progress.clear();
        page.write();
        List<VerifyRow> selected = selection.of(kept);
        if (comparisons.hasBaseline()) {
            outcomes.allGood = comparisons.compareRun(selected, chosenFormat(), out) == ExitCodes.GOOD;
            return outcomes;
        }
        selected.forEach(report::add);
        report.end();
        return outcomes;
    }

    /** Reports the verdicts of several kernels side by side. */
    private Outcomes compare(Verifications results, PrintWriter out, List<TargetKernel> kernels) throws InputException {
        RowSelection selection = rows.selection();
        List<String> names = kernels.stream().map(TargetKernel::name).toList();
        var report = new MatrixPrinter(chosenFormat(), out, Style.ofStandardOutput(), verbose, names);
        List<MatrixRow> lines = new ArrayList<>();
        var outcomes = new Outcomes();
        var progress = new FileProgress(files.size());
        while (!out.checkError() && results.hasNext()) {
            progress.step(results.nextFile());
            List<List<VerifyRow>> ofFile = results.next();
            ofFile.forEach(ofKernel -> ofKernel.forEach(outcomes::add));
            lines.addAll(MatrixRow.of(ofFile));
        }
        progress.clear();
        selection.ofLines(lines).forEach(report::add);
        report.end();
        return outcomes;
    }

    private VerifyPrinter.Format chosenFormat() {
        return json ? VerifyPrinter.Format.JSON : format;
    }
}
