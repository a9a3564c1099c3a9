package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.ProgType;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.verifier.refusal.Explanation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Verifies the programs of files and words the outcome. */
final class FileVerification {
    /** Explains a program that uses what is not built here. */
    static final String NOT_SUPPORTED = "This is a limit of spinbpf, not a verdict of Linux's.";

    private final ReadOptions kernel;
    private final VerifierOptions options;
    private final Step step;
    private final Consumer<Throwable> internalErrors;
    private final Set<String> programs = Collections.synchronizedSet(new LinkedHashSet<>());

    /** The verification of each program: {@link Verifier#verify(Program)}, except in tests. */
    @FunctionalInterface
    interface Step {
        Verdict verify(Verifier verifier, Program program);
    }

    /**
     * @param kernelTypes the kernel's types, {@link Btf#EMPTY} if not given
     * @param insnLimit most instructions to process for one program
     * @param log whether to keep the verifier's log
     * @param internalErrors receives the failures of spinbpf itself; the row says so too
     */
    FileVerification(Btf kernelTypes, int insnLimit, boolean log, Consumer<Throwable> internalErrors) {
        this(
                ReadOptions.DEFAULT.withTargetTypes(kernelTypes),
                new VerifierOptions(log, kernelTypes, insnLimit),
                internalErrors,
                Verifier::verify);
    }

    /** @param kernel the kernel that the objects are read for */
    FileVerification(ReadOptions kernel, VerifierOptions options, Consumer<Throwable> internalErrors, Step step) {
        this.step = step;
        this.internalErrors = internalErrors;
        this.kernel = kernel;
        this.options = options;
    }

    /**
     * The rows of one file: one a program, or one that says why the file cannot be read.
     *
     * @param names which programs are meant
     */
    List<VerifyRow> rowsOf(Path file, Predicate<String> names) {
        String fileName = InputFiles.nameOf(file);
        ProgramObject object;
        try {
            object = InputFiles.read(file, kernel);
        } catch (InputException e) {
            return List.of(VerifyRow.unreadable(fileName, String.valueOf(e.getMessage())));
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            return List.of(internalError(fileName, "", "", e));
        }
        List<VerifyRow> rows = new ArrayList<>();
        object.programs().forEach(program -> programs.add(program.name()));
        object.unlinked().forEach(program -> programs.add(program.name()));
        var verifier = new Verifier(object, options);
        var loading = new StructLoading();
        for (Program program : object.programs()) {
            boolean isWanted = names.test(program.name());
            if (isWanted || StructLoading.isLoadedAlways(program)) {
                VerifyRow row = verify(file, verifier, program, loading);
                rows.add(isWanted ? row : StructLoading.UNWANTED);
            }
        }
        rows = loading.applied(rows);
        for (UnlinkedProgram program : object.unlinked()) {
            if (names.test(program.name())) {
                rows.add(unlinked(fileName, program));
            }
        }
        return rows;
    }

    /** The names of all programs that were met, in the order in which their files were read. */
    Set<String> programs() {
        return programs;
    }

    /** Verifies one program; an internal error becomes its row, and the others go on. */
    private VerifyRow verify(Path file, Verifier verifier, Program program, StructLoading loading) {
        String fileName = InputFiles.nameOf(file);
        try {
            Verdict verdict = step.verify(verifier, program);
            loading.add(program, verdict);
            return row(file, fileName, program, verdict);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            return internalError(fileName, program.name(), program.type().display(), e);
        }
    }

    private VerifyRow internalError(String fileName, String program, String type, Throwable error) {
        internalErrors.accept(error);
        VerifyRow.Reason reason = new VerifyRow.Reason(InternalErrors.message(error), InternalErrors.hint(error));
        return VerifyRow.internalError(fileName, program, type, reason);
    }

    /** A loader would not even ask Linux about such a program. */
    private static VerifyRow unlinked(String fileName, UnlinkedProgram program) {
        return VerifyRow.unlinked(fileName, program.name(), program.type().display(), reason(program));
    }

    private static VerifyRow.Reason reason(UnlinkedProgram program) {
        Explanation explanation = program.type() == ProgType.UNSPEC
                ? Verifier.explainUnknownSection(program.section())
                : Verifier.explain(new LoadRefusal(Errno.EINVAL, program.reason(), ""));
        return new VerifyRow.Reason(program.reason(), explanation.text(), explanation, null);
    }

    private static VerifyRow row(Path file, String fileName, Program program, Verdict verdict) {
        VerifyRow.Outcome outcome = VerifyRow.Outcome.SUCCESS;
        VerifyRow.Reason reason = VerifyRow.Reason.NONE;
        if (verdict instanceof Verdict.Rejected rejected) {
            outcome = VerifyRow.Outcome.FAILURE;
            reason = new VerifyRow.Reason(
                    rejected.message(),
                    rejected.explanation().text(),
                    rejected.explanation().isNone() ? null : rejected.explanation(),
                    file.getParent());
        } else if (verdict instanceof Verdict.Unsupported unsupported) {
            outcome = VerifyRow.Outcome.UNSUPPORTED;
            reason = new VerifyRow.Reason(unsupported.what(), NOT_SUPPORTED);
        }
        return new VerifyRow(
                fileName, program.name(), program.type().display(), outcome, verdict.stats(), reason, verdict.log());
    }
}
