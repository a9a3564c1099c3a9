package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.selftest.KnownFailures;
import dev.spinbpf.tools.selftest.ProgramTest;
import dev.spinbpf.tools.selftest.TestReport;
import dev.spinbpf.tools.selftest.TestResult;
import dev.spinbpf.verifier.VerifierOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code spinbpf test}: judges programs by the tags of Linux's own tests. */
@Command(
        name = "test",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Judges each program by the tags of Linux's own tests (__success, __failure, __msg, __not_msg, __retval, ...),"
                    + " for a user with all capabilities. What tags say of compiled code is not judged.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf test verifier_*.bpf.o",
            "  spinbpf test --tap --junit report.xml my_tests.bpf.o",
            "",
            "Exit codes: 0 all passed, 1 some failed, 2 wrong usage or a file that cannot be read."
        })
final class TestCommand implements Callable<Integer> {
    private static final String TAP_VERSION = "TAP version 13";

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "BPF objects (.bpf.o) whose programs carry tags.")
    private List<Path> files;

    @Option(names = "--tap", description = "Print the Test Anything Protocol.")
    private boolean tap;

    @Option(names = "--junit", paramLabel = "FILE", description = "Write JUnit's XML to a file too.")
    private @Nullable Path junit;

    @Option(
            names = "--known-failures",
            paramLabel = "FILE",
            description = {
                "Tests that are known to fail: lines of file, program and reason, with tabs between. They are reported as"
                        + " skipped while they fail, and as failed once they pass."
            })
    private @Nullable Path knownFailures;

    @Mixin
    private final KernelOptions kernelOptions = new KernelOptions();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    TestCommand() {}

    @Override
    public Integer call() throws InputException {
        PrintWriter out = spec.commandLine().getOut();
        List<TargetKernel> kernels = kernelOptions.read();
        if (kernels.size() > 1) {
            throw new InputException("--kernel: tests are judged for one kernel at a time");
        }
        TargetKernel kernel = kernels.getFirst();
        VerifierOptions options = new VerifierOptions(true, kernel.types(), VerifierOptions.INSN_LIMIT)
                .withKernel(kernel.version())
                .withExplanations(false);
        KnownFailures known = known();
        List<TestResult> results = new ArrayList<>();
        boolean allReadable = true;
        if (tap) {
            out.println(TAP_VERSION);
        }
        for (Path file : files) {
            try {
                ProgramTest test = new ProgramTest(
                        InputFiles.read(file, kernel.readOptions().withWeakExterns()),
                        types -> relocated(file, kernel, types),
                        InputFiles.nameOf(file),
                        options);
                for (TestResult judged : test.results()) {
                    TestResult result = known.applied(judged);
                    results.add(result);
                    out.println(tap ? TestReport.tap(result, results.size()) : TestReport.line(result));
                    out.flush();
                }
            } catch (InputException e) {
                spec.commandLine().getErr().println("spinbpf: " + e.getMessage());
                allReadable = false;
            }
        }
        out.println(tap ? "1.." + results.size() : TestReport.summary(results));
        write(results);
        boolean allGood = results.stream().noneMatch(result -> result.outcome() == TestResult.Outcome.FAILED);
        return !allReadable ? ExitCodes.USAGE : allGood ? ExitCodes.GOOD : ExitCodes.REFUSED;
    }

    private KnownFailures known() throws InputException {
        if (knownFailures == null) {
            return KnownFailures.none();
        }
        try {
            return KnownFailures.parse(new String(InputFiles.bytesOf(knownFailures, true), StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new InputException("--known-failures: " + InputFiles.shown(knownFailures) + ": " + e.getMessage());
        }
    }

    /** The object, relocated for the types of a file beside it; null if they cannot be read. */
    private static @Nullable ProgramObject relocated(Path file, TargetKernel kernel, String types) {
        try {
            Path beside = file.resolveSibling(types);
            return InputFiles.read(
                    file, kernel.readOptions().withWeakExterns().withTargetTypes(InputFiles.kernelTypes(beside)));
        } catch (InputException | InvalidPathException _) {
            return null;
        }
    }

    private void write(List<TestResult> results) throws InputException {
        if (junit == null) {
            return;
        }
        try {
            Files.writeString(junit, TestReport.junit(results), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new InputException("--junit: " + InputFiles.shown(junit) + " cannot be written: " + e.getMessage());
        }
    }
}
