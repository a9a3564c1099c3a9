package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ObjectReader;
import dev.spinbpf.tools.serve.engine.Refusal.Kind;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.MapSnapshot;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.verifier.Verdict;
import dev.spinbpf.vm.exec.UnsupportedProgramException;
import dev.spinbpf.vm.stress.ByteString;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.stress.ProgramWorkload.Attachment;
import dev.spinbpf.vm.stress.ProgramWorkload.NamedFile;
import dev.spinbpf.vm.stress.ProgramWorkload.ObjectFile;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A machine that goes on while its programs, maps and workload are looked at and changed.
 *
 * <p>Changes are made one at a time, under one lock, and every listener has seen a change before the call returns that
 * made it. Objects are verified outside of the lock. What only looks (objects, failures, the run) takes no lock. Maps
 * are used by CPU 0 itself, between two of its tasks, while the workload runs, and by the calling thread while it does
 * not.
 *
 * <p>A workload that was stopped is started again on a new machine: its counts begin at zero, and what is in the maps is
 * carried over. The same happens when the workload is replaced.
 */
public final class Engine implements AutoCloseable {
    private static final int MOST_OBJECTS = 64;
    private static final long MOST_BYTES = 64 << 20;
    private static final String TEXT_SUFFIX = ".bpfasm";
    private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]{0,99}";

    private final ReentrantLock lock = new ReentrantLock();
    private final ObjectVerification verification;
    private final FailureLog failures = new FailureLog();
    private final List<Change.Listener> listeners = new CopyOnWriteArrayList<>();
    private final EngineRun run;
    private volatile List<ServedObject> objects = List.of();
    private volatile Btf kernelTypes;
    private volatile List<String> namesInWorkload = List.of();
    private volatile @Nullable ProgramWorkload uploadedWorkload;
    private final UploadedFiles files = new UploadedFiles(lock, this::changed);
    private final ServedMaps maps;

    /**
     * An engine whose workload has not begun.
     *
     * @param verification reads and verifies objects
     * @param base the numbers of the workload: CPUs, interrupts, seed, and the kernel's types; its objects are not
     *     looked at
     */
    public Engine(ObjectVerification verification, ProgramWorkload base) throws Refusal {
        this.verification = verification;
        kernelTypes = verification.typesOf(base);
        run = new EngineRun(failures, new ServedPromises(lock, this::objects), base);
        maps = new ServedMaps(this, lock, this::changed);
    }

    /** Adds a listener to changes. */
    public void addListener(Change.Listener listener) {
        listeners.add(listener);
    }

    /** Adds a listener that learns of changes before all others, so that they know only of what is kept. */
    public void addKeeper(Change.Listener keeper) {
        listeners.addFirst(keeper);
    }

    private void changed(Change change) throws Refusal {
        for (Change.Listener listener : listeners) {
            listener.changed(change);
        }
    }

    /** Returns the lock failures that were seen. */
    public FailureLog failures() {
        return failures;
    }

    /** Returns the run that goes on, or the last one. */
    public EngineRun run() {
        return run;
    }

    // Objects and programs.

    public List<ServedObject> objects() {
        return objects;
    }

    /** Returns the object with a name. */
    public ServedObject object(String name) throws Refusal {
        for (ServedObject object : objects) {
            if (object.name().equals(name)) {
                return object;
            }
        }
        throw new Refusal(Kind.ABSENT, "there is no object " + name);
    }

    /** Returns a program of an object. */
    public ServedProgram program(String object, String name) throws Refusal {
        for (ServedProgram program : object(object).programs()) {
            if (program.name().equals(name)) {
                return program;
            }
        }
        throw new Refusal(Kind.ABSENT, "object " + object + " has no program " + name);
    }

    /** Returns the verifier's log of a program. */
    public String log(String object, String program) throws Refusal {
        program(object, program);
        return verification.log(object(object), program);
    }

    /** Reads an object and verifies its programs. */
    public ServedObject upload(String name, byte[] bytes) throws Refusal {
        requireName(name, "an object");
        return adopt(name, bytes);
    }

    static void requireName(String name, String what) throws Refusal {
        if (!name.matches(NAME)) {
            throw new Refusal(Kind.INVALID, what + "'s name is 1 to 100 letters, digits, '.', '_' and '-'");
        }
    }

    /** Returns the files that were uploaded for workloads to name. */
    public UploadedFiles files() {
        return files;
    }

    /** As {@link #upload}, for an object that was here before, whatever its name. */
    public ServedObject adopt(String name, byte[] bytes) throws Refusal {
        checkRoom(name, bytes.length);
        boolean isText = !ObjectReader.isObject(bytes) && !name.endsWith(".o") && !name.endsWith(TEXT_SUFFIX);
        String fileName = isText ? name + TEXT_SUFFIX : name;
        ServedObject object = verification.verify(
                new ObjectFile(name, new NamedFile(fileName, ByteString.of(bytes)), List.of()), kernelTypes);
        lock.lock();
        try {
            checkRoom(name, bytes.length);
            objects = plus(objects, object);
            changed(new Change.Uploaded(object));
            return object;
        } finally {
            lock.unlock();
        }
    }

    private void checkRoom(String name, long bytes) throws Refusal {
        List<ServedObject> now = objects;
        if (now.stream().anyMatch(object -> object.name().equals(name))) {
            throw new Refusal(Kind.CONFLICT, "there is an object " + name + " already; remove it first");
        }
        checkRoom(now, 1, bytes);
    }

    private static void checkRoom(List<ServedObject> kept, int more, long moreBytes) throws Refusal {
        long sum = kept.stream().mapToLong(object -> object.bytes().size()).sum();
        if (kept.size() + more > MOST_OBJECTS || sum + moreBytes > MOST_BYTES) {
            throw new Refusal(
                    Kind.FULL,
                    "there are " + kept.size() + " objects of " + sum + " bytes; at most " + MOST_OBJECTS
                            + " objects and " + MOST_BYTES + " bytes are kept");
        }
    }

    private static List<ServedObject> plus(List<ServedObject> objects, ServedObject object) {
        List<ServedObject> copy = new ArrayList<>(objects);
        copy.add(object);
        return List.copyOf(copy);
    }

    /** Removes an object none of whose programs is loaded. */
    public void remove(String name) throws Refusal {
        lock.lock();
        try {
            ServedObject object = object(name);
            if (object.isLoaded()) {
                throw new Refusal(Kind.CONFLICT, "programs of " + name + " are loaded; unload them first");
            }
            objects =
                    objects.stream().filter(other -> !other.name().equals(name)).toList();
            changed(new Change.Removed(name));
        } finally {
            lock.unlock();
        }
    }

    /** Loads a program; the first one of an object makes its maps. */
    public ServedProgram load(String object, String name) throws Refusal {
        lock.lock();
        try {
            ServedProgram program = program(object, name);
            if (!program.isLoaded()) {
                load(program);
                changed(new Change.Moved(program));
            }
            return program;
        } finally {
            lock.unlock();
        }
    }

    private void load(ServedProgram program) throws Refusal {
        if (!(program.verdict() instanceof Verdict.Accepted accepted)) {
            throw new Refusal(Kind.CONFLICT, "program " + program.name() + " was not accepted by the verifier");
        }
        try {
            if (program.inMachine() == null) {
                program.setInMachine(run.machine().load(accepted.program()));
            }
            program.setLoaded(true);
        } catch (MapCreationException | UnsupportedProgramException e) {
            throw new Refusal(Kind.CONFLICT, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Attaches a program, and loads it where it is not loaded.
     *
     * @param how the hook, level, pacing and CPUs
     */
    public ServedProgram attach(Attachment how) throws Refusal {
        return attach(how.object(), how.program(), List.of(how));
    }

    /**
     * Attaches a program in several ways, and loads it where it is not loaded.
     *
     * @param all the hooks, levels, pacings and CPUs
     */
    public ServedProgram attach(String object, String name, List<Attachment> all) throws Refusal {
        lock.lock();
        try {
            ServedProgram program = program(object, name);
            if (!program.attachments().isEmpty()) {
                throw new Refusal(Kind.CONFLICT, "program " + program.name() + " is attached to " + program.hook());
            }
            boolean wasLoaded = program.isLoaded();
            load(program);
            boolean done = false;
            try {
                attach(program, all);
                done = true;
            } finally {
                if (!done && !wasLoaded) {
                    drop(program);
                }
            }
            changed(new Change.Moved(program));
            return program;
        } finally {
            lock.unlock();
        }
    }

    private void attach(ServedProgram program, List<Attachment> all) throws Refusal {
        var loaded = program.inMachine();
        if (loaded == null) {
            throw new Refusal(Kind.CONFLICT, "program " + program.name() + " is not loaded");
        }
        try {
            all.forEach(how -> run.driver().attach(loaded, how));
            program.setAttachments(all);
        } catch (UnsupportedProgramException e) {
            run.driver().detach(loaded);
            throw new Refusal(Kind.INVALID, String.valueOf(e.getMessage()));
        }
    }

    /** Detaches a program. */
    public ServedProgram detach(String object, String name) throws Refusal {
        lock.lock();
        try {
            ServedProgram program = program(object, name);
            if (detach(program)) {
                changed(new Change.Moved(program));
            }
            return program;
        } finally {
            lock.unlock();
        }
    }

    private boolean detach(ServedProgram program) {
        var loaded = program.inMachine();
        if (loaded == null || program.attachments().isEmpty()) {
            return false;
        }
        run.driver().detach(loaded);
        program.setAttachments(List.of());
        return true;
    }

    /** Unloads a program that is not attached; with the last one of an object, all of them leave the machine. */
    private void drop(ServedProgram program) throws Refusal {
        ServedObject object = object(program.object());
        program.setLoaded(false);
        if (!object.isLoaded()) {
            run.machine().unload(object.contents());
            object.programs().forEach(each -> each.setInMachine(null));
        }
    }

    /**
     * Unloads a program; with the last one of an object its maps are gone.
     *
     * @throws Refusal BUSY where a CPU does not leave the program; it is detached then, and stays loaded
     */
    public ServedProgram unload(String object, String name) throws Refusal {
        lock.lock();
        try {
            ServedProgram program = program(object, name);
            if (program.isLoaded()) {
                if (detach(program)) {
                    changed(new Change.Moved(program));
                }
                run.awaitQuiet();
                drop(program);
                changed(new Change.Moved(program));
            }
            return program;
        } finally {
            lock.unlock();
        }
    }

    // Maps.

    /** Returns the maps of all objects that have a program loaded. */
    public ServedMaps maps() {
        return maps;
    }

    /** Returns the maps of an object as they are now. */
    public MapSnapshot snapshotMaps(ServedObject object) throws Refusal {
        return onSnapshot(() -> LiveMaps.snapshot(run.machine(), object.contents()));
    }

    /** Puts saved contents into the maps of an object, which were just made. */
    public void restoreMaps(ServedObject object, MapSnapshot snapshot) throws Refusal {
        onSnapshot(() -> LiveMaps.restore(snapshot, run.machine(), object.contents()));
    }

    /** Work with the contents of all maps of an object. */
    @FunctionalInterface
    private interface SnapshotWork<T> {
        T run() throws SnapshotException, MapCreationException;
    }

    private <T> T onSnapshot(SnapshotWork<T> work) throws Refusal {
        return quietly(() -> run.onCpu(cpu -> {
            try {
                return work.run();
            } catch (SnapshotException | MapCreationException e) {
                throw new Refusal(Kind.CONFLICT, String.valueOf(e.getMessage()));
            }
        }));
    }

    // The workload.

    /** Returns the names of the objects that came with the workload, rather than by upload. */
    public List<String> namesInWorkload() {
        return namesInWorkload;
    }

    /** Sets the names of the objects that came with the workload. */
    public void setNamesInWorkload(List<String> names) {
        namesInWorkload = List.copyOf(names);
    }

    /**
     * Starts the workload.
     *
     * @param durationMillis how long, -1 until it is stopped; null for as long as before
     * @param seed null for the one from before
     */
    public void start(@Nullable Long durationMillis, @Nullable Long seed) throws Refusal {
        lock.lock();
        try {
            run.start(durationMillis, seed, objects);
            changed(run.change());
        } finally {
            lock.unlock();
        }
    }

    /** Stops the workload, if it runs. */
    public void stop() throws Refusal {
        lock.lock();
        try {
            if (run.isRunning()) {
                run.stop();
                changed(run.change());
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Puts a workload in the place of the one before: its numbers, its objects and what is attached. Objects that were
     * uploaded otherwise stay. It runs afterwards if one ran before.
     *
     * @throws Refusal where it does not fit; the workload before goes on then
     */
    public void replace(ProgramWorkload workload) throws Refusal {
        replace(workload, null);
    }

    /** As {@link #replace}, by a workload that a client sent; its objects count as uploads do. */
    public void replaceByUpload(ProgramWorkload workload) throws Refusal {
        checkRoom(staying(workload), workload.objects().size(), sizeOf(workload));
        replace(workload, EngineRun.numbersOf(workload, workload.kernelTypes()));
    }

    private static long sizeOf(ProgramWorkload workload) {
        return workload.objects().stream()
                .mapToLong(file -> file.file().contents().size())
                .sum();
    }

    /** Returns what a client's workload says besides objects and what is attached; null where the workload is not a client's. */
    public @Nullable ProgramWorkload uploadedWorkload() {
        return uploadedWorkload;
    }

    /** Makes this engine, on which nothing is yet, one with a client's workload, of which the objects are still to come. */
    public void resume(ProgramWorkload workload) throws Refusal {
        replace(workload, workload);
    }

    private void replace(ProgramWorkload workload, @Nullable ProgramWorkload uploaded) throws Refusal {
        Btf types = verification.typesOf(workload);
        List<ServedObject> added = new ArrayList<>();
        for (ProgramWorkload.ObjectFile file : workload.objects()) {
            added.add(verification.verify(file, types));
        }
        lock.lock();
        try {
            List<ServedObject> all = staying(workload);
            run.replace(workload, all, added);
            all.addAll(added);
            objects = List.copyOf(all);
            kernelTypes = types;
            namesInWorkload = added.stream().map(ServedObject::name).toList();
            uploadedWorkload = uploaded;
            changed(new Change.Replaced(namesInWorkload));
        } finally {
            lock.unlock();
        }
    }

    /** The objects that are neither of the workload now nor replaced by those of the next one. */
    private List<ServedObject> staying(ProgramWorkload next) {
        List<ServedObject> all = new ArrayList<>();
        for (ServedObject object : objects) {
            boolean stays = !namesInWorkload.contains(object.name())
                    && next.objects().stream().noneMatch(other -> other.name().equals(object.name()));
            if (stays) {
                all.add(object);
            }
        }
        return all;
    }

    /** Does something while nothing changes. */
    public <T> T quietly(QuietWork<T> work) throws Refusal {
        lock.lock();
        try {
            return work.run();
        } finally {
            lock.unlock();
        }
    }

    /** Something that is done while nothing changes. */
    @FunctionalInterface
    public interface QuietWork<T> {
        /** Does it. */
        T run() throws Refusal;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            run.close();
        } finally {
            lock.unlock();
        }
    }
}
