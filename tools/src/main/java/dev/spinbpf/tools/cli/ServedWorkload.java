package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.tools.workload.WorkloadReader;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Workloads of a service out of files that the user names. */
final class ServedWorkload {
    private ServedWorkload() {}

    /**
     * Reads a workload file.
     *
     * @throws Refusal where it has mistakes, a line for each, or stresses the lock without programs
     */
    static ProgramWorkload of(Path file) throws Refusal {
        try {
            if (WorkloadInputs.read(file) instanceof ProgramWorkload programs) {
                return programs;
            }
            throw new Refusal(Refusal.Kind.INVALID, file + ": a service runs programs; a mode is for stress");
        } catch (WorkloadFileException e) {
            throw new Refusal(Refusal.Kind.INVALID, String.join("\n", e.mistakes()));
        } catch (InputException e) {
            throw new Refusal(Refusal.Kind.INVALID, String.valueOf(e.getMessage()));
        }
    }

    /** Reads objects; their names are those of their files. */
    static List<ObjectFile> objects(List<Path> paths) throws Refusal {
        List<ObjectFile> files = new ArrayList<>();
        try {
            for (Path path : paths) {
                NamedFile file = InputFiles.open(path);
                files.add(new ObjectFile(WorkloadReader.objectName(file.name()), file, List.of()));
            }
        } catch (InputException e) {
            throw new Refusal(Refusal.Kind.INVALID, String.valueOf(e.getMessage()));
        }
        if (files.stream().map(ObjectFile::name).distinct().count() < files.size()) {
            throw new Refusal(Refusal.Kind.INVALID, "two of the objects have the same name");
        }
        return files;
    }
}
