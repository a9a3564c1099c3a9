package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.programs.model.UnlinkedProgram;
import dev.spinbpf.tools.workload.FileSource;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.tools.workload.WorkloadReader;
import dev.spinbpf.tools.workload.WorkloadWriter;
import dev.spinbpf.vm.stress.Loading;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import dev.spinbpf.vm.stress.WorkloadSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Workloads out of what the user names on the command line: a workload file, or objects. */
final class WorkloadInputs {
    private final Map<String, Path> pathsByName = new HashMap<>();
    private final Map<String, ProgramObject> objectsByName = new LinkedHashMap<>();

    /** Returns true where a file's name is that of a workload file. */
    static boolean isWorkloadFile(Path file) {
        return file.toString().endsWith(".yaml") || file.toString().endsWith(".yml");
    }

    /**
     * Returns true where a workload file was named, rather than objects.
     *
     * @throws WrongUsage if anything was named beside it
     */
    static boolean isWorkloadFile(List<Path> files, CommandSpec command) {
        boolean named = files.stream().anyMatch(WorkloadInputs::isWorkloadFile);
        if (named && files.size() > 1) {
            throw new WrongUsage(command, "a workload file stands alone; name the objects in it");
        }
        return named;
    }

    /** Returns those of some options that were given on the command line, in its order. */
    static List<String> given(CommandSpec command, Set<String> options) {
        return command.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .filter(options::contains)
                .toList();
    }

    /** The workload in a file; paths in it are relative to its directory. */
    static WorkloadSpec read(Path file) throws InputException, WorkloadFileException {
        return WorkloadReader.read(InputFiles.shown(file), InputFiles.bytesOf(file, true), source(file));
    }

    /** Gives the files that a workload file names, relative to its directory. */
    static FileSource source(Path file) {
        return path -> {
            try {
                return InputFiles.open(file.resolveSibling(path));
            } catch (InvalidPathException e) {
                throw new UnreadableFileException("a name that is none in the encoding of this locale");
            } catch (InputException e) {
                throw new UnreadableFileException(String.valueOf(e.getMessage()));
            }
        };
    }

    /** The bytes of a file, which may be a pipe and is read once. */
    NamedFile open(Path file) throws InputException {
        NamedFile opened = InputFiles.open(file);
        pathsByName.put(opened.name(), file);
        return opened;
    }

    /**
     * The objects in files, after a look into each.
     *
     * @param programs the programs that take part; empty for all
     * @param loading what is set before they are loaded
     * @param err where notes are printed
     */
    List<ObjectFile> objects(List<Path> files, Btf kernelTypes, List<String> programs, Loading loading, PrintWriter err)
            throws InputException {
        List<ObjectFile> objects = new ArrayList<>();
        List<ProgramObject> all = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Path file : files) {
            NamedFile opened = open(file);
            byte[] bytes = opened.contents().toArray();
            Loading own = loading.forObject(bytes);
            ProgramObject object = InputFiles.read(opened.name(), bytes, own.readOptions(kernelTypes));
            InputFiles.printNotes(object, err);
            all.add(object);
            List<String> chosen =
                    programs.stream().filter(name -> has(object, name)).toList();
            if (programs.isEmpty() || !chosen.isEmpty()) {
                String called = unique(WorkloadReader.objectName(opened.name()), names);
                objects.add(new ObjectFile(called, opened, chosen, own));
                objectsByName.put(called, object);
            }
        }
        for (String name : programs) {
            if (all.stream().noneMatch(object -> has(object, name))) {
                InputFiles.requirePrograms(all.getFirst(), List.of(name));
            }
        }
        return objects;
    }

    /** Returns what {@link #objects} read, by the names that workloads call the objects. */
    Map<String, ProgramObject> read() {
        return objectsByName;
    }

    private static boolean has(ProgramObject object, String name) {
        return object.programs().stream().map(Program::name).anyMatch(name::equals)
                || object.unlinked().stream().map(UnlinkedProgram::name).anyMatch(name::equals);
    }

    private static String unique(String name, Set<String> names) {
        String candidate = name;
        for (int number = 2; !names.add(candidate); number++) {
            candidate = name + "-" + number;
        }
        return candidate;
    }

    /** Writes a workload file that names what was opened here, relative to the file's directory. */
    void save(WorkloadSpec spec, Path target) throws InputException {
        Path directory =
                Objects.requireNonNullElse(target.toAbsolutePath().normalize().getParent(), target);
        String text = WorkloadWriter.write(spec, file -> {
            @Nullable Path path = pathsByName.get(file.name());
            return path == null
                    ? file.name()
                    : directory.relativize(path.toAbsolutePath().normalize()).toString();
        });
        try {
            Files.writeString(target, text);
        } catch (NoSuchFileException e) {
            throw new InputException("--save: " + InputFiles.shown(target) + ": its directory does not exist");
        } catch (IOException e) {
            throw new InputException(
                    "--save: " + InputFiles.shown(target) + ": cannot be written (" + e.getMessage() + ")");
        }
    }
}
