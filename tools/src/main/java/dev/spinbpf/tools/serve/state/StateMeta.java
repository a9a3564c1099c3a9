package dev.spinbpf.tools.serve.state;

import dev.spinbpf.maps.cpu.CpuSet;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Everything that is kept but what is in maps.
 *
 * @param files the files that were uploaded for workloads, in order
 * @param workload SHA-256 of what a client's workload says besides its objects, by which it is found; empty where the
 *     workload is not a client's
 * @param objects the objects, in order
 * @param inWorkload names of those that came with the workload
 * @param running true where the workload runs
 * @param durationMillis how long, -1 until it is stopped
 * @param seed of its random choices
 */
record StateMeta(
        List<SavedFile> files,
        String workload,
        List<SavedObject> objects,
        List<String> inWorkload,
        boolean running,
        long durationMillis,
        long seed) {
    private static final int MOST = 1 << 16;

    /**
     * A file that was uploaded for workloads.
     *
     * @param name its name
     * @param digest SHA-256 of its contents, by which they are found
     */
    record SavedFile(String name, String digest) {}

    /**
     * An object.
     *
     * @param name its name
     * @param digest SHA-256 of its file, by which the file is found
     * @param programs its programs that are loaded
     */
    record SavedObject(String name, String digest, List<SavedProgram> programs) {}

    /**
     * A program that is loaded.
     *
     * @param attachments how it is attached; empty where it is not
     */
    record SavedProgram(String name, List<Attachment> attachments) {}

    /**
     * The engine as it is now.
     *
     * @param workloadDigest SHA-256 of a client's workload; empty where the workload is not a client's
     */
    static StateMeta of(Engine engine, String workloadDigest) {
        List<SavedFile> files = engine.files().all().stream()
                .map(file -> new SavedFile(file.name(), file.digest()))
                .toList();
        List<SavedObject> objects = new ArrayList<>();
        for (ServedObject object : engine.objects()) {
            List<SavedProgram> programs = new ArrayList<>();
            for (ServedProgram program : object.programs()) {
                if (program.isLoaded()) {
                    programs.add(new SavedProgram(program.name(), program.attachments()));
                }
            }
            objects.add(new SavedObject(object.name(), object.digest(), programs));
        }
        var workload = engine.run().change();
        return new StateMeta(
                files,
                workloadDigest,
                objects,
                engine.namesInWorkload(),
                workload.running(),
                workload.durationMillis(),
                workload.seed());
    }

    /** Returns the digests of all files that belong to the state. */
    Set<String> digests() {
        Set<String> digests = new HashSet<>();
        files.forEach(file -> digests.add(file.digest()));
        objects.forEach(object -> digests.add(object.digest()));
        digests.add(workload);
        return digests;
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(files.size());
        for (SavedFile file : files) {
            out.writeUTF(file.name());
            out.writeUTF(file.digest());
        }
        out.writeUTF(workload);
        out.writeInt(objects.size());
        for (SavedObject object : objects) {
            out.writeUTF(object.name());
            out.writeUTF(object.digest());
            out.writeInt(object.programs().size());
            for (SavedProgram program : object.programs()) {
                out.writeUTF(program.name());
                out.writeInt(program.attachments().size());
                for (Attachment how : program.attachments()) {
                    write(out, how);
                }
            }
        }
        out.writeInt(inWorkload.size());
        for (String name : inWorkload) {
            out.writeUTF(name);
        }
        out.writeBoolean(running);
        out.writeLong(durationMillis);
        out.writeLong(seed);
    }

    private static void write(DataOutputStream out, Attachment how) throws IOException {
        out.writeUTF(how.hook());
        WorkloadFile.write(out, how.level());
        WorkloadFile.write(out, how.pacing());
        out.writeLong(how.cpus().mask());
    }

    static StateMeta read(DataInputStream in) throws IOException {
        List<SavedFile> files = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            files.add(new SavedFile(in.readUTF(), in.readUTF()));
        }
        String workload = in.readUTF();
        List<SavedObject> objects = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            String name = in.readUTF();
            String digest = in.readUTF();
            List<SavedProgram> programs = new ArrayList<>();
            for (int more = count(in); more > 0; more--) {
                String program = in.readUTF();
                programs.add(new SavedProgram(program, attachments(in, name, program)));
            }
            objects.add(new SavedObject(name, digest, programs));
        }
        List<String> inWorkload = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            inWorkload.add(in.readUTF());
        }
        return new StateMeta(files, workload, objects, inWorkload, in.readBoolean(), in.readLong(), in.readLong());
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MOST) {
            throw new IOException("a count is " + count);
        }
        return count;
    }

    private static List<Attachment> attachments(DataInputStream in, String object, String program) throws IOException {
        List<Attachment> attachments = new ArrayList<>();
        for (int left = count(in); left > 0; left--) {
            attachments.add(new Attachment(
                    object,
                    program,
                    in.readUTF(),
                    WorkloadFile.level(in),
                    WorkloadFile.pacing(in),
                    new CpuSet(in.readLong())));
        }
        return attachments;
    }
}
