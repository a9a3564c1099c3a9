package dev.spinbpf.tools.serve.state;

import dev.spinbpf.tools.serve.engine.Change;
import dev.spinbpf.tools.serve.engine.Engine;
import dev.spinbpf.tools.serve.engine.Refusal;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.tools.serve.engine.ServedObject;
import dev.spinbpf.tools.serve.engine.ServedProgram;
import dev.spinbpf.tools.serve.engine.UploadedFile;
import dev.spinbpf.tools.serve.engine.UploadedFiles;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.tools.snapshot.SnapshotReader;
import dev.spinbpf.tools.snapshot.SnapshotWriter;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps an engine in a directory.
 *
 * <pre>
 *   objects/SHA-256   the files of objects and others that were uploaded, by their digests, and a client's workload
 *   checkpoint        the form, a generation N, objects, programs, workload, and what was in the maps then
 *   journal.N         what was changed since, in order
 *   lock              held by the process that uses the directory
 * </pre>
 *
 * <p>A change is in the journal, synced, before it is acknowledged. A checkpoint is made every five seconds while the
 * workload runs or something was changed, and at the end: the next journal is made empty, then the checkpoint of its
 * generation takes the place of the one before by a rename, then the old journal goes. All of it happens while nothing
 * else changes. Files that belong to nothing any more go with a checkpoint. Wherever the process ends, the checkpoint that is there and the journal of its generation hold
 * everything that was acknowledged, and at most the beginning of what was not, which is cut off.
 *
 * <p>What programs write to maps is kept as of the last checkpoint; the updates that clients made since are applied on
 * top when the state is read.
 */
public final class StateDirectory implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("serve");
    private static final long EVERY_SECONDS = 5;
    private static final int FORM = 2;
    private static final int META = 1;
    private static final int UPDATE = 2;
    private static final int DELETE = 3;

    private final Path directory;
    private final FileChannel lockFile;
    private final FileLock lock;
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("spinbpf-state").factory());
    private long generation;
    private String workloadDigest = "";
    private @Nullable Journal journal;
    private @Nullable Engine engine;
    private boolean workloadRuns = true; // at the start it may run and end before anyone looks

    private StateDirectory(Path directory, FileChannel lockFile, FileLock lock) {
        this.directory = directory;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /**
     * Opens a directory, and makes it where it is not there.
     *
     * @throws IOException where it cannot be used, or another process uses it
     */
    public static StateDirectory open(Path directory) throws IOException {
        Files.createDirectories(directory.resolve("objects"));
        FileChannel file =
                FileChannel.open(directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = file.tryLock();
            if (lock != null) {
                return new StateDirectory(directory, file, lock);
            }
        } catch (OverlappingFileLockException e) {
            // Refused below.
        }
        file.close();
        throw new IOException(directory + ": another service keeps its state there");
    }

    /** Returns true where a state is kept here. */
    public boolean hasState() {
        return Files.exists(checkpoint());
    }

    private Path checkpoint() {
        return directory.resolve("checkpoint");
    }

    private Path journal(long number) {
        return directory.resolve("journal." + number);
    }

    // Reading.

    /**
     * Makes an engine that has no objects what the directory says, and starts its workload if it ran.
     *
     * @throws IOException where the state is damaged
     * @throws Refusal where this engine cannot have it
     */
    public void restore(Engine empty) throws IOException, Refusal {
        StateMeta meta;
        byte[] bytes = StateFiles.readWithSum(checkpoint());
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readInt() != FORM) {
                throw new IOException(checkpoint() + ": was kept by another version of spinbpf");
            }
            generation = in.readLong();
            meta = StateMeta.read(in);
            workloadDigest = meta.workload();
            if (!workloadDigest.isEmpty()) {
                empty.resume(WorkloadFile.read(contents(workloadDigest)));
            }
            apply(meta, empty);
            for (ServedObject object : empty.objects()) {
                if (object.isLoaded()) {
                    byte[] maps = in.readNBytes(in.readInt());
                    empty.restoreMaps(object, SnapshotReader.read(checkpoint().toString(), maps));
                }
            }
        } catch (SnapshotException e) {
            throw new IOException(e.getMessage(), e);
        }
        Journal opened = Journal.open(journal(generation));
        journal = opened;
        for (byte[] record : opened.records()) {
            meta = replay(record, meta, empty);
        }
        if (meta.running()) {
            empty.start(meta.durationMillis(), meta.seed());
        }
        LOG.atInfo()
                .addKeyValue("objects", meta.objects().size())
                .addKeyValue("changes", opened.records().size())
                .log("state read");
    }

    private StateMeta replay(byte[] record, StateMeta before, Engine into) throws IOException, Refusal {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(record))) {
            int kind = in.readByte();
            if (kind == META) {
                StateMeta meta = StateMeta.read(in);
                apply(meta, into);
                return meta;
            }
            String object = in.readUTF();
            String map = in.readUTF();
            byte[] key = in.readNBytes(in.readInt());
            try {
                if (kind == UPDATE) {
                    into.maps().update(object, map, key, in.readNBytes(in.readInt()), "any");
                } else {
                    into.maps().delete(object, map, key);
                }
            } catch (Refusal e) {
                if (kind == UPDATE) { // an element that was removed may have been put in by a program since
                    LOG.atWarn()
                            .addKeyValue("object", object)
                            .addKeyValue("map", map)
                            .addKeyValue("reason", e.getMessage())
                            .log("an update could not be made again");
                }
            }
            return before;
        }
    }

    /** Makes the objects and programs of an engine what they were. */
    private void apply(StateMeta meta, Engine into) throws IOException, Refusal {
        applyFiles(meta.files(), into.files());
        for (ServedObject object : into.objects()) {
            if (meta.objects().stream()
                    .noneMatch(saved ->
                            saved.name().equals(object.name()) && saved.digest().equals(object.digest()))) {
                for (ServedProgram program : object.programs()) {
                    into.unload(object.name(), program.name());
                }
                into.remove(object.name());
            }
        }
        for (StateMeta.SavedObject saved : meta.objects()) {
            if (into.objects().stream().noneMatch(object -> object.name().equals(saved.name()))) {
                into.adopt(saved.name(), contents(saved.digest()));
            }
            for (ServedProgram program : into.object(saved.name()).programs()) {
                StateMeta.SavedProgram wanted = saved.programs().stream()
                        .filter(each -> each.name().equals(program.name()))
                        .findFirst()
                        .orElse(null);
                apply(wanted, program, into);
            }
        }
        into.setNamesInWorkload(meta.inWorkload());
    }

    private void applyFiles(List<StateMeta.SavedFile> saved, UploadedFiles into) throws IOException, Refusal {
        for (UploadedFile file : into.all()) {
            if (!saved.contains(new StateMeta.SavedFile(file.name(), file.digest()))) {
                into.remove(file.name());
            }
        }
        for (StateMeta.SavedFile file : saved) {
            if (into.all().stream().noneMatch(other -> other.name().equals(file.name()))) {
                into.put(file.name(), contents(file.digest()));
            }
        }
    }

    private static void apply(StateMeta.@Nullable SavedProgram wanted, ServedProgram program, Engine into)
            throws Refusal {
        if (wanted == null) {
            into.unload(program.object(), program.name());
            return;
        }
        into.load(program.object(), program.name());
        List<Attachment> attachments = wanted.attachments();
        if (!program.attachments().equals(attachments)) {
            into.detach(program.object(), program.name());
            if (!attachments.isEmpty()) {
                into.attach(program.object(), program.name(), attachments);
            }
        }
    }

    private byte[] contents(String digest) throws IOException {
        Path file = objectFile(digest);
        if (!Files.exists(file)) {
            throw new IOException(file + ": is missing, though the state needs it");
        }
        byte[] bytes = Files.readAllBytes(file);
        if (!ByteString.of(bytes).sha256().equals(digest)) {
            throw new IOException(file + ": is damaged: its contents are not those of its name");
        }
        return bytes;
    }

    private Path objectFile(String digest) {
        return directory.resolve("objects").resolve(digest);
    }

    // Writing.

    /** Keeps an engine from now on. */
    public void keep(Engine kept) throws Refusal {
        engine = kept;
        kept.quietly(() -> {
            writeCheckpoint();
            kept.addKeeper(this::changed);
            return true;
        });
        clock.scheduleWithFixedDelay(this::tick, EVERY_SECONDS, EVERY_SECONDS, TimeUnit.SECONDS);
    }

    private Engine kept() {
        Engine of = engine;
        if (of == null) {
            throw new IllegalStateException("no engine is kept");
        }
        return of;
    }

    private void changed(Change change) throws Refusal {
        try {
            switch (change) {
                case Change.Updated updated ->
                    append(UPDATE, updated.object(), updated.map(), updated.key(), updated.value());
                case Change.Deleted deleted -> append(DELETE, deleted.object(), deleted.map(), deleted.key(), null);
                case Change.Replaced _ -> {
                    saveWorkload();
                    writeCheckpoint();
                }
                case Change.Uploaded _,
                        Change.Removed _,
                        Change.Stored _,
                        Change.Discarded _,
                        Change.Moved _,
                        Change.Workload _ -> {
                    saveFiles();
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    DataOutputStream out = new DataOutputStream(bytes);
                    out.writeByte(META);
                    meta().write(out);
                    append(bytes.toByteArray());
                }
            }
        } catch (IOException e) {
            throw new Refusal(Kind.FULL, "the change was made, but cannot be kept: " + e.getMessage());
        }
    }

    private void append(int kind, String object, String map, byte[] key, byte @Nullable [] value) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(kind);
        out.writeUTF(object);
        out.writeUTF(map);
        out.writeInt(key.length);
        out.write(key);
        if (value != null) {
            out.writeInt(value.length);
            out.write(value);
        }
        append(bytes.toByteArray());
    }

    private void append(byte[] record) throws IOException {
        Journal open = journal;
        if (open == null) {
            throw new IOException("the state directory is closed");
        }
        open.append(record);
    }

    private StateMeta meta() {
        return StateMeta.of(kept(), workloadDigest);
    }

    private void saveFiles() throws IOException {
        for (ServedObject object : kept().objects()) {
            save(object.digest(), object.bytes());
        }
        for (UploadedFile file : kept().files().all()) {
            save(file.digest(), file.bytes());
        }
    }

    private void save(String digest, ByteString bytes) throws IOException {
        Path file = objectFile(digest);
        if (!Files.exists(file)) {
            StateFiles.replace(file, bytes.toArray());
        }
    }

    private void saveWorkload() throws IOException {
        ProgramWorkload workload = kept().uploadedWorkload();
        workloadDigest = "";
        if (workload != null) {
            ByteString bytes = ByteString.of(WorkloadFile.write(workload));
            workloadDigest = bytes.sha256();
            save(workloadDigest, bytes);
        }
    }

    private void tick() {
        try {
            kept().quietly(() -> {
                Journal open = journal;
                boolean runs = kept().run().change().running();
                if (open != null && (runs || workloadRuns || !open.isEmpty())) {
                    writeCheckpoint();
                }
                workloadRuns = runs;
                return true;
            });
        } catch (Refusal e) {
            LOG.atError().addKeyValue("reason", e.getMessage()).log("not saved; the state before stays");
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).log("not saved; the state before stays");
        }
    }

    private void writeCheckpoint() throws Refusal {
        try {
            saveFiles();
            StateMeta meta = meta();
            long next = generation + 1;
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(FORM);
            out.writeLong(next);
            meta.write(out);
            for (ServedObject object : kept().objects()) {
                if (object.isLoaded()) {
                    byte[] maps = SnapshotWriter.write(kept().snapshotMaps(object));
                    out.writeInt(maps.length);
                    out.write(maps);
                }
            }
            beginJournal(next, StateFiles.withSum(bytes.toByteArray()));
            removeOld(meta.digests());
        } catch (IOException e) {
            throw new Refusal(Kind.FULL, "the state cannot be saved: " + e.getMessage());
        }
    }

    /** Puts a checkpoint and an empty journal in the place of those before; where that fails, those before stay. */
    private void beginJournal(long next, byte[] checkpoint) throws IOException {
        Files.deleteIfExists(journal(next));
        Journal fresh = Journal.open(journal(next));
        boolean done = false;
        try {
            StateFiles.syncDirectory(journal(next));
            StateFiles.replace(checkpoint(), checkpoint);
            done = true;
        } finally {
            if (!done) {
                fresh.close();
            }
        }
        Journal old = journal;
        journal = fresh;
        generation = next;
        if (old != null) {
            old.close();
        }
    }

    private void removeOld(Set<String> digests) throws IOException {
        String current = "journal." + generation;
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                String name = String.valueOf(file.getFileName());
                if (name.startsWith("journal.") && !name.equals(current)) {
                    Files.delete(file);
                }
            }
        }
        try (Stream<Path> files = Files.list(directory.resolve("objects"))) {
            for (Path file : files.toList()) {
                if (!digests.contains(String.valueOf(file.getFileName()))) {
                    Files.delete(file);
                }
            }
        }
    }

    /** Saves the engine a last time and closes the directory. */
    @Override
    public void close() {
        clock.shutdownNow();
        Engine of = engine;
        try {
            if (of != null) {
                of.quietly(() -> {
                    writeCheckpoint();
                    return true;
                });
            }
        } catch (Refusal e) {
            LOG.atError().addKeyValue("reason", e.getMessage()).log("not saved at the end; the state before stays");
        }
        try (lockFile) {
            Journal open = journal;
            journal = null;
            if (open != null) {
                open.close();
            }
            lock.release();
        } catch (IOException e) {
            LOG.atWarn().setCause(e).log("the state directory could not be closed");
        }
    }
}
