package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.RemoteObject;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.workload.FileSource;
import dev.spinbpf.tools.workload.FileSource.UnreadableFileException;
import dev.spinbpf.tools.workload.WorkloadBundle;
import dev.spinbpf.tools.workload.WorkloadFileException;
import dev.spinbpf.tools.workload.WorkloadReader;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A workload file that is given to a service, with the files that it names. */
final class WorkloadLoading {
    private final ProgramWorkload workload;
    private final WorkloadBundle bundle;

    private WorkloadLoading(ProgramWorkload workload, WorkloadBundle bundle) {
        this.workload = workload;
        this.bundle = bundle;
    }

    /**
     * Reads a workload file.
     *
     * @throws WorkloadFileException with all mistakes
     */
    static WorkloadLoading read(Path file) throws InputException, WorkloadFileException {
        byte[] bytes = InputFiles.bytesOf(file, true);
        FileSource once = once(WorkloadInputs.source(file));
        if (!(WorkloadReader.read(InputFiles.shown(file), bytes, once) instanceof ProgramWorkload workload)) {
            throw new InputException(InputFiles.shown(file) + ": a service runs programs; a mode is for stress");
        }
        try {
            return new WorkloadLoading(workload, WorkloadBundle.of(bytes, once));
        } catch (UnreadableFileException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    /** Gives each file as it was the first time: it may be a pipe. */
    private static FileSource once(FileSource source) {
        Map<String, NamedFile> read = new HashMap<>();
        return path -> {
            NamedFile known = read.get(path);
            NamedFile file = known == null ? source.open(path) : known;
            read.put(path, file);
            return file;
        };
    }

    /**
     * Puts the workload in the place of the service's, and starts it where it does not run. The files that were uploaded
     * for it are removed again; the workload has copies.
     *
     * @return its objects
     */
    List<RemoteObject> send(ServiceClient client) throws ServiceException, InterruptedException {
        List<String> uploaded = new ArrayList<>();
        try {
            for (Map.Entry<String, ByteString> file : bundle.files().entrySet()) {
                client.putFile(file.getKey(), file.getValue().toArray());
                uploaded.add(file.getKey());
            }
            if (!client.replaceWorkload(bundle.json()).equals("running")) {
                client.startWorkload();
            }
        } finally {
            for (String name : uploaded) {
                client.removeFile(name);
            }
        }
        Set<String> names = workload.objects().stream().map(ObjectFile::name).collect(Collectors.toSet());
        return client.objects().stream()
                .filter(object -> names.contains(object.name()))
                .toList();
    }

    /** Returns the name of the file that an object is in. */
    String fileOf(RemoteObject object) {
        for (ObjectFile file : workload.objects()) {
            if (file.name().equals(object.name())) {
                return file.file().name();
            }
        }
        return object.name();
    }

    /** Returns true where a program takes part. */
    boolean includes(String object, String program) {
        return workload.objects().stream().anyMatch(file -> file.name().equals(object) && file.includes(program));
    }
}
