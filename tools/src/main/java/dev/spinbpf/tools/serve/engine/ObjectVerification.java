package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.verifier.Verifier;
import dev.spinbpf.verifier.VerifierOptions;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.WorkloadException;
import dev.spinbpf.vm.stress.WorkloadRun;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads an object and verifies its programs.
 *
 * @param usualTypes the kernel's types where a workload names none, or {@link Btf#EMPTY}
 * @param verdicts takes each verdict
 */
public record ObjectVerification(Btf usualTypes, Consumer<Verdict> verdicts) {
    /** Most characters of a log that are kept. */
    private static final int MOST_LOG = 4 << 20;

    /** Most instructions for a log: it has some lines for each of them. */
    private static final int MOST_LOGGED_INSNS = 100_000;

    /**
     * Reads and verifies.
     *
     * @param file the object, and what is set before it is loaded
     * @param kernelTypes the kernel's types, or {@link Btf#EMPTY}
     * @throws Refusal INVALID where it is no object
     */
    ServedObject verify(ObjectFile file, Btf kernelTypes) throws Refusal {
        String name = file.name();
        ProgramObject object;
        try {
            object = WorkloadRun.read(file.file(), kernelTypes, file.loading());
        } catch (WorkloadException e) {
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        }
        ByteString contents = file.file().contents();
        List<ServedProgram> programs = new ArrayList<>();
        Verifier verifier = new Verifier(object, new VerifierOptions(false, kernelTypes, VerifierOptions.INSN_LIMIT));
        for (Program program : object.programs()) {
            Verdict verdict = verifier.verify(program);
            verdicts.accept(verdict);
            programs.add(new ServedProgram(name, program.name(), program.section(), program.type(), verdict, ""));
        }
        for (UnlinkedProgram program : object.unlinked()) {
            programs.add(
                    new ServedProgram(name, program.name(), program.section(), program.type(), null, program.reason()));
        }
        return new ServedObject(name, contents, contents.sha256(), object, kernelTypes, programs);
    }

    /** Returns the kernel's types that a workload names, the usual ones where it names none. */
    Btf typesOf(ProgramWorkload workload) throws Refusal {
        try {
            return workload.kernelTypes() == null ? usualTypes : WorkloadRun.readTypes(workload.kernelTypes());
        } catch (WorkloadException e) {
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        }
    }

    /** Verifies a program again for its log, in Linux's form; cut where it is long. */
    String log(ServedObject object, String programName) {
        for (Program program : object.contents().programs()) {
            if (program.name().equals(programName)) {
                VerifierOptions options = new VerifierOptions(true, object.kernelTypes(), MOST_LOGGED_INSNS);
                String log =
                        Verifier.verify(object.contents(), program, options).log();
                return log.length() <= MOST_LOG ? log : "[...]\n" + log.substring(log.length() - MOST_LOG);
            }
        }
        return "";
    }
}
