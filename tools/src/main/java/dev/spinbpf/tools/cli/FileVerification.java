package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.report.VerifyRow;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/** Verifies the programs of files and words the outcome. */
final class FileVerification {
    private static final long NANOS_PER_MICRO = 1000;

    private final ReadOptions kernel;
    private final VerifierOptions options;
    private final Step verifier;
    private final Consumer<Throwable> internalErrors;
    private final Set<String> programs = new LinkedHashSet<>();

    /** The verification of each program: {@link Verifier#verify}, except in tests. */
    @FunctionalInterface
    interface Step {
        Verdict verify(ProgramObject object, Program program, VerifierOptions options);
    }

    /**
     * @param kernelTypes the kernel's types, {@link Btf#EMPTY} if not given
     * @param insnLimit most instructions to process for one program
     * @param log whether to keep the verifier's log
     * @param internalErrors receives the failures of spinbpf itself; the row says so too
     */
    FileVerification(Btf kernelTypes, int insnLimit, boolean log, Consumer<Throwable> internalErrors) {
        this(ReadOptions.DEFAULT.withTargetTypes(kernelTypes), insnLimit, log, internalErrors, Verifier::verify);
    }

    /** @param kernel the kernel that the objects are read for */
    FileVerification(
            ReadOptions kernel, int insnLimit, boolean log, Consumer<Throwable> internalErrors, Step verifier) {
        this.verifier = verifier;
        this.internalErrors = internalErrors;
        this.kernel = kernel;
        this.options = new VerifierOptions(log, kernel.targetTypes(), insnLimit);
    }

    /** The rows of one file: one a program, or one that says why the file cannot be read. */
    List<VerifyRow> rowsOf(Path file, List<String> names) {
        String fileName = String.valueOf(file.getFileName() == null ? file : file.getFileName());
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
        var loading = new StructLoading();
        for (Program program : object.programs()) {
            boolean isWanted = names.isEmpty() || names.contains(program.name());
            if (isWanted || StructLoading.isLoadedAlways(program)) {
                VerifyRow row = verify(fileName, object, program, loading);
                rows.add(isWanted ? row : StructLoading.UNWANTED);
            }
        }
        rows = loading.applied(rows);
        for (UnlinkedProgram program : object.unlinked()) {
            if (names.isEmpty() || names.contains(program.name())) {
                rows.add(unlinked(fileName, program));
            }
        }
        return rows;
    }

    /** The names of all programs that were met. */
    Set<String> programs() {
        return programs;
    }

    /** Verifies one program; an internal error becomes its row, and the others go on. */
    private VerifyRow verify(String fileName, ProgramObject object, Program program, StructLoading loading) {
        try {
            Verdict verdict = verifier.verify(object, program, options);
            loading.add(program, verdict);
            return row(fileName, program, verdict);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            return internalError(fileName, program.name(), program.type().display(), e);
        }
    }

    private VerifyRow internalError(String fileName, String program, String type, Throwable error) {
        internalErrors.accept(error);
        return VerifyRow.internalError(
                fileName, program, type, InternalErrors.message(error), InternalErrors.hint(error));
    }

    /** A loader would not even ask Linux about such a program. */
    private static VerifyRow unlinked(String fileName, UnlinkedProgram program) {
        return new VerifyRow(
                fileName,
                program.name(),
                VerifyRow.Outcome.FAILURE,
                0,
                0,
                0,
                0,
                program.type().display(),
                program.reason(),
                "",
                "");
    }

    private static VerifyRow row(String fileName, Program program, Verdict verdict) {
        VerifyRow.Outcome outcome;
        String message = "";
        String explanation = "";
        switch (verdict) {
            case Verdict.Accepted _ -> outcome = VerifyRow.Outcome.SUCCESS;
            case Verdict.Rejected rejected -> {
                outcome = VerifyRow.Outcome.FAILURE;
                message = rejected.message();
                explanation = rejected.explanation();
            }
            case Verdict.Unsupported unsupported -> {
                outcome = VerifyRow.Outcome.UNSUPPORTED;
                message = unsupported.what();
                explanation = "This is a limit of spinbpf, not a verdict of Linux's.";
            }
        }
        return new VerifyRow(
                fileName,
                program.name(),
                outcome,
                verdict.stats().durationNanos() / NANOS_PER_MICRO,
                verdict.stats().insns(),
                verdict.stats().totalStates(),
                verdict.stats().peakStates(),
                program.type().display(),
                message,
                explanation,
                verdict.log());
    }
}
