package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.tools.report.Printable;
import dev.spinbpf.verifier.TargetVerdict;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.VerifiedTarget;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** {@code --target}: the program that {@code freplace} and tracing programs attach to. */
final class TargetOption {
    @Option(
            names = "--target",
            paramLabel = "FILE:PROG",
            description = {
                "The loaded program that freplace programs replace a function of, as bpf_program__set_attach_target()"
                        + " sets it. Tracing programs attach to it where it has the function that their section names.",
                "Several times: each is attached to the one before it."
            })
    private List<String> names = List.of();

    /**
     * The last target that was named, verified for a kernel; null if none was, or if the kernel refuses it, which is said.
     *
     * @param options those of the programs that attach to it
     */
    @Nullable
    VerifiedTarget read(TargetKernel kernel, ReadOptions reading, VerifierOptions options, PrintWriter err)
            throws InputException {
        VerifiedTarget target = null;
        for (String name : names) {
            int colon = name.lastIndexOf(':');
            if (colon <= 0 || colon == name.length() - 1) {
                throw new InputException("--target: '" + Printable.line(name)
                        + "' is no file and program; write them as in --target filter.bpf.o:main");
            }
            ProgramObject object = InputFiles.read(Path.of(name.substring(0, colon)), reading);
            Program program = InputFiles.program(object, name.substring(colon + 1));
            TargetVerdict verified = Verifier.target(object, program, options.withTarget(target));
            target = verified.target();
            if (target == null) {
                err.println("spinbpf: --target " + Printable.line(name) + ": Linux " + kernel.name()
                        + " does not load it, and nothing attaches to it: " + reason(verified.verdict()));
                return null;
            }
        }
        return target;
    }

    private static String reason(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Rejected rejected -> rejected.message();
            case Verdict.Unsupported unsupported -> unsupported.what() + "; " + FileVerification.NOT_SUPPORTED;
            case Verdict.Accepted _ -> "";
        };
    }
}
