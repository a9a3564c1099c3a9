package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.KindText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.verifier.refusal.Explanation;
import dev.spinbpf.verifier.refusal.Location;
import dev.spinbpf.verifier.refusal.PastedLog;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
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

/** {@code spinbpf explain}: the kinds of refusal, and the explanation of a log of Linux's. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        description = {
            "Lists the kinds of refusal, explains one with a program that gets it and the mended one, or explains a log that"
                    + " Linux's verifier wrote.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf explain",
            "  spinbpf explain lock-order",
            "  spinbpf explain --log verifier.log",
            "  bpftool -d prog load x.bpf.o /sys/fs/bpf/x 2>&1 | spinbpf explain --log - x.bpf.o",
            "",
            "Exit codes: 0 good, 1 the log holds no message that is known, 2 wrong usage or unreadable input."
        })
final class ExplainCommand implements Callable<Integer> {
    private static final int MAX_LOG_BYTES = 64 << 20;
    private static final String STANDARD_INPUT = "-";

    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "KIND|OBJECT",
            description =
                    "A kind of refusal; with --log the object (.bpf.o) that the log is of, for the whole explanation.")
    private @Nullable String subject;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "A log of Linux's verifier, of any release; - for the standard input.")
    private @Nullable Path log;

    @Mixin
    private final KernelOptions kernelOptions = new KernelOptions();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    ExplainCommand() {}

    @Override
    public Integer call() throws InputException {
        PrintWriter out = spec.commandLine().getOut();
        if (log != null) {
            return explain(log, out);
        }
        if (subject == null) {
            out.print(KindText.list(Style.ofStandardOutput()));
            return ExitCodes.GOOD;
        }
        for (RefusalKind kind : RefusalKind.all()) {
            if (kind.id().equals(subject)) {
                out.print(KindText.of(kind, Style.ofStandardOutput()));
                return ExitCodes.GOOD;
            }
        }
        throw new InputException("no kind of refusal named '" + subject + "'; spinbpf explain lists them");
    }

    private int explain(Path file, PrintWriter out) throws InputException {
        String text = new String(bytes(file), StandardCharsets.UTF_8);
        PastedLog.Found found = PastedLog.read(text);
        if (found == null) {
            spec.commandLine()
                    .getErr()
                    .println("spinbpf: " + InputFiles.shown(file) + ": no line of it is a message of"
                            + " Linux's verifier that is known here");
            return ExitCodes.REFUSED;
        }
        Explanation ofObject = subject == null ? null : explanationOf(Path.of(subject), found);
        Explanation explanation = ofObject == null ? ofLog(found) : ofObject;
        out.print(found.message() + '\n');
        explanation.text().lines().forEach(line -> out.print("  " + line + '\n'));
        if (subject != null && ofObject == null) {
            out.print("  (spinbpf refuses no program of " + subject + " with this message, so that this is all.)\n");
        }
        return ExitCodes.GOOD;
    }

    private static byte[] bytes(Path file) throws InputException {
        if (!file.toString().equals(STANDARD_INPUT)) {
            return InputFiles.bytesOf(file, true);
        }
        try {
            return System.in.readNBytes(MAX_LOG_BYTES);
        } catch (IOException e) {
            throw new InputException("the standard input cannot be read: " + e.getMessage());
        }
    }

    /** Explains a refusal from the log alone. */
    private static Explanation ofLog(PastedLog.Found found) {
        RefusalKind kind = found.kind();
        Location at = found.insn() < 0
                ? null
                : new Location("the program", found.file(), found.line(), 0, found.insn(), found.source());
        return new Explanation(
                kind,
                kind.reason(),
                at,
                List.of(),
                0,
                kind.remedy() + " See 'spinbpf explain " + kind.id()
                        + "'; with the object, the path is explained too.");
    }

    /** The explanation of the program of the object that the log is most likely of; null if none is refused like that. */
    private @Nullable Explanation explanationOf(Path file, PastedLog.Found found) throws InputException {
        List<TargetKernel> kernels = kernelOptions.read();
        if (kernels.size() > 1) {
            throw new InputException("--kernel: a log is of one kernel, and --kernel names " + kernels.size());
        }
        TargetKernel kernel = kernels.getFirst();
        ProgramObject object = InputFiles.read(file, kernel.readOptions());
        VerifierOptions options =
                VerifierOptions.DEFAULT.withTypes(kernel.types()).withKernel(kernel.version());
        Explanation best = null;
        int bestScore = 0;
        for (Program program : object.programs()) {
            if (Verifier.verify(object, program, options) instanceof Verdict.Rejected refused) {
                int score = likeness(program, refused, found);
                best = score > bestScore ? refused.explanation() : best;
                bestScore = Math.max(score, bestScore);
            }
        }
        return best;
    }

    /** Returns a measure of how much a refusal is like that of the log; 0 if it is another. */
    private static int likeness(Program program, Verdict.Rejected refused, PastedLog.Found found) {
        boolean isMessage = refused.message().equals(found.message());
        if (!isMessage && !refused.explanation().kind().equals(found.kind())) {
            return 0;
        }
        boolean isProgram = program.name().equals(found.program());
        boolean isInsn = refused.insn() == found.insn();
        return 1 + (isMessage ? 4 : 0) + (isProgram ? 2 : 0) + (isInsn ? 1 : 0);
    }
}
